// What steps do again and again.
import assert from 'node:assert/strict';
import { api, host, until } from './farm.mjs';

/** heading waits until the page of that name is there, with its title. */
export async function heading(page, name) {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
  await until(`the title is ${name}`, async () => (await page.title()) === `${name} · Berth`, 10_000);
}

/** tabTo presses Tab until what is meant has the focus, as somebody without a mouse does. */
export async function tabTo(page, locator, key = 'Tab') {
  for (let i = 0; i < 80; i++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not reach ${locator}`);
}

/** focused waits until what is meant has the focus. */
export const focused = (locator) =>
  until(`the focus is on ${locator}`, () => locator.evaluate((element) => element === document.activeElement), 10_000);

/** go follows a link of the navigation. */
export async function go(page, link, title = link) {
  await page
    .getByRole('navigation', { name: 'Pages', exact: true })
    .getByRole('link', { name: link, exact: true })
    .click();
  await heading(page, title);
}

/** row is the row of a table that has all these texts. */
export const row = (page, ...texts) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole('row')).first();

export const dialog = (page) => page.locator('[role=dialog], [role=alertdialog]');

/** said waits until the page says that something was done. */
export const said = (page, text) => page.getByRole('status').filter({ hasText: text }).first().waitFor();

/** confirm presses the button of a dialog and waits until it is gone. */
export async function confirm(page, name) {
  await dialog(page).getByRole('button', { name, exact: true }).click();
  await dialog(page).waitFor({ state: 'detached' });
}

/** command presses a button of the command bar. */
export const command = (page, name) => page.getByRole('toolbar').getByRole('button', { name, exact: true }).click();

/** choose ticks the one row that has these texts. */
export async function choose(page, ...texts) {
  const box = row(page, ...texts).getByRole('checkbox');
  await box.waitFor();
  for (const other of await page.locator('tbody input[type=checkbox]:checked').all()) await other.uncheck();
  await box.check();
}

/** tab opens a tab of a page. */
export const tab = (page, name) => page.getByRole('tab', { name, exact: true }).click();

/** applyAll applies everything that is pending, by mouse. */
export async function applyAll(page) {
  await page
    .getByRole('banner')
    .getByRole('link', { name: /^Pending/ })
    .click();
  await heading(page, 'Pending changes');
  await page.getByRole('button', { name: /^Apply (the change|all)/ }).click();
  await dialog(page)
    .getByText(/Something changes on \d/)
    .waitFor();
  await confirm(page, 'Apply');
  await said(page, 'Applied');
  await page.getByRole('heading', { name: 'Nothing is pending' }).waitFor();
}

/** open goes to an address of the console. */
export const open = (page, farm, path) => page.goto(farm.url + path);

/** pending are the names of what is drafted on the server. */
export async function pending(farm) {
  const { items } = await api(farm, 'GET', `/sites/${farm.site}/changes`);
  return items.map((c) => `${c.kind}/${c.key}`);
}

/** status waits until the server says that a package of the host has the status. */
export const status = (farm, family, name) =>
  until(`${family} is ${name}`, async () => {
    const { items } = await api(farm, 'GET', `/sites/${farm.site}/status?family=${encodeURIComponent(family)}`);
    return items.some((r) => r.status.name === name);
  });

/** off tells whether a button is off, and says why. */
export async function off(locator, why) {
  await until(`${locator} is off`, async () => (await locator.getAttribute('aria-disabled')) === 'true', 10_000);
  assert.match((await locator.getAttribute('title')) ?? '', why);
}

/** colourOf is how a status in a row is coloured: its badge's class names say so. */
export const colourOf = (where, name) =>
  where.locator('.fui-Badge').filter({ hasText: name }).first().getAttribute('data-colour');

/** tryAgain presses the button beside a failure while it lasts, and holds the audit to it. */
export async function tryAgain(page, farm) {
  const count = async () => {
    const { items } = await api(farm, 'GET', `/sites/${farm.site}/audit?kind=host&key=${host}&limit=200`);
    return items.filter((e) => e.action === 'retry').length;
  };
  const before = await count();
  await page
    .getByRole('button', { name: `Try again on ${host}` })
    .first()
    .click();
  await until('the audit tells of it', async () => (await count()) > before);
}
