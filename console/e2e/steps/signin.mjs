import assert from 'node:assert/strict';
import { look, newPage } from '../browser.mjs';
import { api, until } from '../farm.mjs';
import { dialog, focused, go, heading, open } from '../tools.mjs';

export const budget = 250_000; // bytes of scripts, as they come over the wire, until the first page is there
const password = 'correct horse battery';

export const steps = {
  async 'a wrong token is refused in the server’s words'({ page, farm }) {
    await open(page, farm, '/matrix?status=Ready');
    await focused(page.getByLabel('User name'));
    assert.equal(await page.title(), 'Sign in · Berth');
    await look(page, 'sign-in');
    await page.getByRole('button', { name: 'Use an API token' }).click();
    await focused(page.getByLabel('API token'));
    await page.keyboard.type('bth_wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'What to do' }).waitFor();
    await look(page, 'sign-in-refused');
  },

  async 'signing in by keyboard leads where the link led, within the budget'({ page, farm, scripts }) {
    if (page.url() === 'about:blank') {
      await open(page, farm, '/matrix?status=Ready');
      await page.getByRole('button', { name: 'Use an API token' }).click();
    }
    await page.getByLabel('API token').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(farm.token);
    await page.keyboard.press('Enter');
    await heading(page, 'Packages on hosts');
    assert.equal(new URL(page.url()).search, '?status=Ready');
    await page.getByText('(owner)').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const bytes = scripts.reduce((sum, n) => sum + n, 0);
    assert.ok(
      bytes > 50_000 && bytes <= budget,
      `${bytes} bytes of scripts came for the first page, not up to ${budget}`,
    );
    console.log(`    ${bytes} bytes of scripts, compressed, came for the first page`);
  },

  async 'an address signs in once, and takes its token out of the address'({ browser, farm, complaints }) {
    const once = await api(farm, 'POST', '/tokens', { name: 'for once', role: 'owner', days: 1 });
    const page = await newPage(browser, complaints);
    await page.goto(`${farm.url}/#once=${once.text}`);
    await heading(page, 'Overview');
    assert.equal(new URL(page.url()).hash, '');
    await page.getByText('for once (owner)').waitFor();
    await page.reload();
    await heading(page, 'Overview');
    await page.context().close();
    const later = await newPage(browser, complaints);
    await later.goto(`${farm.url}/#once=${once.text}`);
    await later.getByRole('alert').filter({ hasText: 'revoked' }).waitFor();
    await later.context().close();
    const again = await newPage(browser, complaints);
    await again.goto(`${farm.url}/#token=${farm.token}`); // one that is not for once stays good
    await heading(again, 'Overview');
    await again.context().close();
  },

  async 'first run: an administrator’s account, the first share, the first agent command'({ page, farm }) {
    await open(page, farm, '/setup');
    await heading(page, 'First run');
    await look(page, 'setup');
    await page.getByRole('button', { name: 'Make an account' }).click();
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('olga');
    await dialog(page).getByLabel('Password').fill(password);
    await look(page, 'setup-account');
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('There is 1 user: olga.').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: farm.images }).click();
    await page.getByRole('button', { name: 'notes-2.vhd' }).waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Make a key' }).click();
    await page.getByText(/berth agent enroll --server .* --key bek_.* --fingerprint sha256:/).waitFor();
    await look(page, 'setup-host');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Go to the overview' }).click();
    await heading(page, 'Overview');
  },

  async 'a user signs in by password, and signing out forgets the session'({ browser, farm, complaints }) {
    const page = await newPage(browser, complaints);
    await open(page, farm, '/');
    await page.getByLabel('User name').fill('olga');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('olga (owner)').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Berth' }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await page.context().close();
  },

  async 'a reader may look and not write, and sees why; a revoked token ends the session'({
    browser,
    farm,
    complaints,
    v1,
  }) {
    const made = await api(farm, 'POST', '/tokens', { name: 'looker', role: 'reader' });
    await api(farm, 'PATCH', `/sites/${farm.site}/packages/${v1.fullName}`, { displayName: 'Draft' });
    const page = await newPage(browser, complaints);
    await page.goto(`${farm.url}/changes#token=${made.text}`);
    await heading(page, 'Pending changes');
    await page.getByText('looker (reader)').waitFor();
    const apply = page.getByRole('button', { name: 'Apply the change' });
    assert.equal(await apply.getAttribute('aria-disabled'), 'true');
    assert.match(await apply.getAttribute('title'), /takes the role contributor in site .*; yours is reader/);
    await look(page, 'changes-reader');
    await go(page, 'Application packages');
    assert.equal(await page.getByRole('button', { name: 'Add', exact: true }).getAttribute('aria-disabled'), 'true');
    await look(page, 'packages-reader');
    await open(page, farm, '/settings/users');
    await page
      .getByText(/takes the role owner in every site/)
      .filter({ visible: true })
      .waitFor();
    await api(farm, 'DELETE', `/credentials/${made.id}`);
    // The stream of events looks at the right to read every 15 seconds.
    await page.getByRole('alert').filter({ hasText: 'revoked' }).waitFor({ timeout: 60_000 });
    assert.equal(await page.title(), 'Sign in · Berth');
    await page.context().close();
    await api(farm, 'POST', `/sites/${farm.site}/changes/discard`, {});
  },

  async 'the theme is the reader’s choice, and is kept'({ page, farm }) {
    await open(page, farm, '/');
    await heading(page, 'Overview');
    const shown = page.locator('.fui-FluentProvider').first();
    for (const [theme, background] of [
      ['High contrast', 'rgb(0, 0, 0)'],
      ['Dark', 'rgb(41, 41, 41)'],
      ['Light', 'rgb(255, 255, 255)'],
    ]) {
      await page.getByLabel('Theme').selectOption(theme);
      await until(
        theme,
        async () => (await shown.evaluate((e) => getComputedStyle(e).backgroundColor)) === background,
        10_000,
      );
      if (theme === 'High contrast') await look(page, 'overview-contrast', { once: true });
    }
    await page.reload();
    await heading(page, 'Overview');
    assert.equal(await page.getByLabel('Theme').inputValue(), 'light');
    await page.getByLabel('Theme').selectOption('System theme');
  },

  async 'the key ? tells the keys, / goes to the search'({ page }) {
    await page.keyboard.press('?');
    await dialog(page).getByRole('heading', { name: 'Keys' }).waitFor();
    await look(page, 'keys', { once: true });
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    await page.keyboard.type('notes');
    await page.keyboard.press('Enter');
    await heading(page, 'Search');
    await page.getByRole('link', { name: 'Contoso Notes 2.0.0.0' }).waitFor();
    await go(page, 'Application packages');
    await page.keyboard.press('/');
    await focused(page.getByLabel('Name or publisher'));
  },
};
