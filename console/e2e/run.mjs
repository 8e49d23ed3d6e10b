// The console in a real browser, against the real program. Pictures go to ../dist/console-e2e.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { commands, executable, launch, look, newPage, pictures } from './browser.mjs';
import { api, startDemo, until } from './demo.mjs';

const host = 'demo-host';
const budget = 250_000; // bytes of scripts, as they come over the wire, until the first page is there

/** heading waits until the page of that name is there, with its title. */
async function heading(page, name) {
  await page.getByRole('heading', { level: 1, name }).waitFor();
  assert.equal(await page.title(), `${name} · Berth`);
}

/** tabTo presses Tab until what is meant has the focus, as somebody without a mouse does. */
async function tabTo(page, locator) {
  for (let i = 0; i < 40; i++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${locator}`);
}

/** focused waits until what is meant has the focus. */
const focused = (locator) =>
  until(`the focus is on ${locator}`, () => locator.evaluate((element) => element === document.activeElement), 5_000);

async function go(page, name) {
  await page.getByRole('navigation').getByRole('link', { name }).click();
  await heading(page, name);
}

/** row is the row of the table that has all these texts. */
const row = (page, ...texts) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole('row')).first();

async function signIn(page, token) {
  const field = page.getByLabel('API token');
  await field.fill(token);
  await field.press('Enter');
}

const steps = {
  async 'a wrong token is refused in the server’s words'({ page, demo }) {
    await page.goto(`${demo.url}/?status=Ready`);
    assert.equal(await page.title(), 'Sign in · Berth');
    await focused(page.getByLabel('API token'));
    await look(page, 'sign-in');
    await page.keyboard.type('bth_wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'What to do' }).waitFor();
    await look(page, 'sign-in-refused');
  },

  async 'signing in by keyboard leads where the link led'({ page, demo, scripts }) {
    await page.getByLabel('API token').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(demo.token);
    await page.keyboard.press('Enter');
    await heading(page, 'Overview');
    assert.equal(new URL(page.url()).search, '?status=Ready');
    assert.equal(await page.getByLabel('Status', { exact: true }).inputValue(), 'Ready');
    await page.getByText('(owner)').waitFor();
    const bytes = scripts.reduce((sum, n) => sum + n, 0);
    assert.ok(
      bytes > 50_000 && bytes <= budget,
      `${bytes} bytes of scripts came for the first page, not up to ${budget}`,
    );
    console.log(`    ${bytes} bytes of scripts, compressed, came for the first page`);
  },

  async 'the package is Ready, and filters stand in the address'({ page }) {
    await row(page, host, '2.0.0.0', 'Ready').waitFor();
    await page.getByLabel('Host', { exact: true }).selectOption(host);
    await page.getByLabel('Status', { exact: true }).selectOption('In use');
    await page.getByRole('heading', { name: 'Nothing fits these filters' }).waitFor();
    assert.equal(new URL(page.url()).search, `?status=In+use&host=${host}`);
    await look(page, 'overview-no-match');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await row(page, host, '2.0.0.0', 'Ready').waitFor();
    await look(page, 'overview');
  },

  async 'the catalogue, and a package’s details by keyboard'({ page }) {
    await tabTo(page, page.getByRole('navigation').getByRole('link', { name: 'Packages' }));
    await page.keyboard.press('Enter');
    await heading(page, 'Packages');
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1', 'the heading is not announced');
    await row(page, '2.0.0.0', 'Contoso', 'Production', 'notes-2.vhd').waitFor();
    await look(page, 'packages');
    const link = page.getByRole('button', { name: 'Contoso Notes 2.0.0.0, details' });
    await tabTo(page, link);
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog');
    await drawer.getByText('Notes Reader').waitFor();
    assert.match(page.url(), /package=Contoso\.Notes_2\.0\.0\.0/);
    await look(page, 'package');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    await focused(link);
  },

  async 'the host, with what its agent says'({ page }) {
    await go(page, 'Hosts');
    await row(page, host, 'RD Session Host', 'x64').waitFor();
    await look(page, 'hosts');
    await page.getByRole('link', { name: host }).click();
    await heading(page, 'Overview');
    assert.equal(new URL(page.url()).search, `?host=${host}`);
  },

  async 'a change drafted elsewhere is applied here; its image is gone, and the row says what to do'({
    page,
    demo,
    versions,
  }) {
    await go(page, 'Pending changes');
    await page.getByRole('heading', { name: 'Nothing is pending' }).waitFor();
    await look(page, 'changes-empty');
    renameSync(versions[0].imagePath, `${versions[0].imagePath}.away`);
    await api(demo, 'POST', `/sites/${demo.site}/hosts/${host}/assignments`, { version: versions[0].fullName });
    await row(page, 'update', host, 'by version').waitFor();
    await page.getByRole('navigation').getByLabel('1 waiting').waitFor();
    await look(page, 'changes');
    await tabTo(page, page.getByRole('button', { name: 'Apply the change' }));
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Applied 1 change' }).waitFor();
    assert.deepEqual((await api(demo, 'GET', `/sites/${demo.site}/changes`)).items, []);
    await go(page, 'Overview');
    await row(page, host, '1.0.0.0', 'Not found', 'What to do').waitFor();
    await look(page, 'overview-not-found');
  },

  async 'once the image is back, trying again makes it Ready'({ page, versions }) {
    renameSync(`${versions[0].imagePath}.away`, versions[0].imagePath);
    // The agent tries again by itself too: where it was faster, the button is gone.
    await page
      .getByRole('button', { name: `Try again on ${host}` })
      .click({ timeout: 5_000 })
      .catch(() => {});
    await row(page, host, '1.0.0.0', 'Ready').waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
  },

  async 'of two changes one is discarded, the other applied'({ page, demo, versions }) {
    for (const { fullName } of versions) {
      await api(demo, 'PATCH', `/sites/${demo.site}/packages/${fullName}`, { displayName: `Renamed ${fullName}` });
    }
    await go(page, 'Pending changes');
    const [kept, lost] = versions.map((v) => v.fullName);
    await page.getByRole('checkbox', { name: lost }).check();
    const discard = page.getByRole('button', { name: 'Discard 1 chosen change' });
    await discard.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(lost).waitFor();
    await look(page, 'changes-discard');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await focused(discard);
    await discard.click();
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('status').filter({ hasText: 'Discarded 1 change' }).waitFor();
    await page.getByRole('button', { name: 'Apply the change' }).click();
    await page.getByRole('heading', { name: 'Nothing is pending' }).waitFor();
    const named = await api(demo, 'GET', `/sites/${demo.site}/packages/${kept}`);
    assert.equal(named.displayName, `Renamed ${kept}`);
    const other = await api(demo, 'GET', `/sites/${demo.site}/packages/${lost}`);
    assert.equal(other.displayName, 'Contoso Notes');
  },

  async 'the audit names this console'({ page }) {
    await go(page, 'Audit');
    await row(page, 'first administrator', 'console', 'apply', 'done').waitFor();
    await look(page, 'audit');
  },

  async 'a second site makes a choice, and an empty one teaches the first step'({ page, demo }) {
    await api(demo, 'POST', '/sites', { name: 'branch' });
    await page.reload();
    await heading(page, 'Audit');
    await page.getByLabel('Site', { exact: true }).selectOption('branch');
    await go(page, 'Packages');
    await page.getByText('berth package add').waitFor();
    assert.equal(new URL(page.url()).search, '?site=branch');
    await look(page, 'packages-empty');
    await page.getByRole('button', { name: /^Copy the command/ }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^berth package add /);
    await go(page, 'Overview');
    await page.getByText('berth enroll-key create').waitFor();
    await look(page, 'overview-empty');
    await page.getByLabel('Site', { exact: true }).selectOption(demo.site);
    await row(page, host, 'Ready').waitFor();
  },

  async 'an address that leads nowhere says so'({ page, demo }) {
    await page.goto(`${demo.url}/nowhere`);
    await heading(page, 'No such page');
    await look(page, 'nowhere');
  },

  async 'a reader may look and not apply; a revoked token ends the session with the reason'({
    browser,
    demo,
    complaints,
    versions,
  }) {
    const made = await api(demo, 'POST', '/tokens', { name: 'looker', role: 'reader' });
    await api(demo, 'PATCH', `/sites/${demo.site}/packages/${versions[0].fullName}`, { displayName: 'Draft' });
    const page = await newPage(browser, complaints);
    await page.goto(`${demo.url}/changes?site=${demo.site}`);
    await signIn(page, made.text);
    await page.getByText('looker (reader)').waitFor();
    const apply = page.getByRole('button', { name: 'Apply the change' });
    await until('the button is off', async () => (await apply.getAttribute('aria-disabled')) === 'true');
    await page.getByText('Your role, reader').waitFor();
    await look(page, 'changes-reader');
    await api(demo, 'DELETE', `/credentials/${made.id}`);
    await page.getByRole('alert').filter({ hasText: 'revoked' }).waitFor();
    assert.equal(await page.title(), 'Sign in · Berth');
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await page.context().close();
    await api(demo, 'POST', `/sites/${demo.site}/changes/discard`, {});
  },

  async 'when the server is away, the page keeps what it knows and says so'({ page, demo }) {
    await page.goto(`${demo.url}/?site=${demo.site}`);
    await row(page, host, 'Ready').waitFor();
    await demo.stop();
    await page.getByRole('alert').filter({ hasText: 'The server does not answer' }).first().waitFor();
    await row(page, host, 'Ready').waitFor();
    await look(page, 'overview-server-away');
  },

  async 'every command that was shown is one of the program’s'({ demo }) {
    const shown = [...commands].filter((line) => line.startsWith('berth '));
    assert.ok(shown.length >= 5, `only ${shown.length} commands were shown`);
    for (const line of shown) {
      const [noun, verb] = line.split(' ').slice(1);
      const help = execFileSync(demo.bin, [noun, verb, '--help'], { encoding: 'utf8' });
      assert.ok(help.includes(`\n  berth ${noun} ${verb} `), `there is no command: ${line}`);
      for (const [flag] of line.matchAll(/--[a-z-]+/g))
        assert.ok(help.includes(` ${flag} `), `no flag ${flag}: ${line}`);
    }
  },

  async 'signing out forgets the token'({ page }) {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Berth' }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  },
};

async function main() {
  if (!executable) {
    console.log('skipped: Chromium is not installed (Debian: chromium), so the console was not seen in a browser');
    return;
  }
  const demo = await startDemo();
  const browser = await launch();
  const complaints = [];
  try {
    const page = await newPage(browser, complaints);
    const scripts = [];
    page.on('response', (answer) => {
      if (answer.url().endsWith('.js')) scripts.push(Number(answer.headers()['content-length']));
    });
    const { items: versions } = await api(demo, 'GET', `/sites/${demo.site}/packages`);
    versions.sort((a, b) => a.version.localeCompare(b.version));
    for (const [name, step] of Object.entries(steps)) {
      const start = Date.now();
      try {
        await step({ browser, page, demo, complaints, versions, scripts });
      } catch (error) {
        await page.screenshot({ path: join(pictures, 'failed.png'), fullPage: true });
        throw new Error(`${name}: ${error.message}`, { cause: error });
      }
      console.log(`ok  ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    }
    assert.deepEqual(complaints, [], 'the browser complained');
  } finally {
    await browser.close();
    await demo.stop();
    demo.clean();
  }
  console.log(`The pictures are in ${pictures}`);
}

await main();
