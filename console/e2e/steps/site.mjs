// The site as a whole: settings, certificates, the audit, two administrators at once, a server that goes and comes back.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { commands, look, newPage } from '../browser.mjs';
import { api, host, until } from '../farm.mjs';
import { applyAll, colourOf, confirm, dialog, go, open, pending, row, said, status, tryAgain } from '../tools.mjs';

const said10 = 'Contoso Notes 1.0.0.0'; // in a file of its package, which nothing else reads

/** lists are the levels that give the host its packages in these steps. */
const group = (farm) => `/sites/${farm.site}/pools/Accounting/assignments`;

/** give has the host's group assign a family, at once. */
async function give(farm, family, tag, version) {
  await api(farm, 'POST', group(farm), version ? { version } : { family, tag });
  await api(farm, 'POST', `/sites/${farm.site}/changes/apply`, {});
}

/** letGo takes a family from the host's group, and waits until no host has it. */
async function letGo(farm, family) {
  await api(farm, 'DELETE', `${group(farm)}/${family}`).catch(() => {});
  await api(farm, 'POST', `/sites/${farm.site}/changes/apply`, {});
  await until(`${family} is gone`, async () => {
    const { items } = await api(farm, 'GET', `/sites/${farm.site}/status?family=${family}`);
    return items.length === 0;
  });
}

export const steps = {
  async 'ref Enable Application Packages feature: off and on, with what it means'({ page, farm, v2 }) {
    await go(page, 'Settings', 'Settings: Application packages');
    await page.getByRole('switch', { name: 'Enable Application Packages feature' }).click();
    await dialog(page).getByText('Every host lets go of every package').first().waitFor();
    await look(page, 'feature-off-dialog');
    await confirm(page, 'Switch off');
    await said(page, 'It is drafted');
    await applyAll(page);
    await until('the host has let go', async () => {
      const { items } = await api(farm, 'GET', `/sites/${farm.site}/status`);
      return items.length === 0;
    });
    await go(page, 'Overview');
    await page.getByText('The Application Packages feature is switched off').waitFor();
    await look(page, 'overview-off');
    await page.getByRole('link', { name: 'Switch it on' }).click();
    await page.getByRole('switch', { name: 'Enable Application Packages feature' }).click();
    await dialog(page).getByRole('button', { name: 'Switch on' }).click();
    await applyAll(page);
    await status(farm, v2.familyName, 'Ready');
  },

  async 'ref Rename a tag: in place, by Enter'({ page, farm }) {
    await open(page, farm, '/settings/tags');
    await page.getByRole('button', { name: 'Rename Custom' }).click();
    await look(page, 'tag-rename');
    await page.getByLabel('New name of Custom').fill('Pilot');
    await page.keyboard.press('Enter');
    await said(page, 'is called Pilot');
    await row(page, 'Pilot', 'custom', '1 package').waitFor();
    // There are three, and neither more nor less can be made of them.
    assert.equal(await page.getByRole('main').locator('tbody tr').count(), 3);
    assert.equal(
      await page
        .getByRole('main')
        .getByRole('button', { name: /^(Add|New|Delete)/ })
        .count(),
      0,
    );
    await page.getByRole('button', { name: 'History of Production' }).click();
    await row(page, 'Contoso.Notes', '2.0.0.0').first().waitFor();
    await look(page, 'settings-tags');
    await applyAll(page);
  },

  async 'ref Provision package certificates automatically, and Certificate missing'({ page, farm, sketch }) {
    await letGo(farm, sketch.familyName);
    await open(page, farm, '/settings/certificates');
    await page.getByRole('switch', { name: 'Provision package certificates automatically' }).click();
    await look(page, 'provisioning-off-dialog', { twice: true });
    await confirm(page, 'Switch off');
    await applyAll(page);
    // Certificates that are installed stay: this is a host to which none ever came.
    rmSync(farm.trusted(sketch.certificate.thumbprint), { force: true });
    await give(farm, sketch.familyName, 'custom');
    await open(page, farm, '/matrix?view=list');
    const missing = row(page, 'Sketch', 'Certificate missing', '0x800B0109', 'CN=Fabrikam');
    await missing.getByText('What to do').waitFor();
    assert.match(await colourOf(missing, 'Certificate missing'), /danger/);
    await look(page, 'matrix-certificate');
    await open(page, farm, `/hosts/${host}?tab=certificates`);
    await row(page, 'Fabrikam', 'missing', 'no, by other means').waitFor();
    await open(page, farm, `/certificates/${sketch.certificate.thumbprint}`);
    await page.getByRole('button', { name: 'Provision now' }).click();
    await dialog(page).getByText(`1 host lacks it: ${host}`).waitFor();
    await look(page, 'provision-now-dialog', { twice: true });
    await confirm(page, 'Provision');
    await status(farm, sketch.familyName, 'Ready');
    assert.equal((await api(farm, 'GET', `/sites/${farm.site}/settings`)).provisionCertificates, true);
    assert.deepEqual(await pending(farm), []);
    await open(page, farm, '/settings/certificates');
    await page.getByText('Hosts install the certificate').waitFor();
  },

  async 'copies of images: switched on, and how they stand on the host'({ page, farm }) {
    await open(page, farm, '/settings/copies');
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await dialog(page).getByRole('switch', { name: 'Hosts keep copies' }).click();
    await dialog(page).getByLabel('Room for copies on each host, in GiB').fill('50');
    await dialog(page).getByLabel('Read for copies, in MiB a second').fill('20');
    await dialog(page).getByRole('radio', { name: 'The other files too' }).click();
    await look(page, 'copies-dialog');
    await confirm(page, 'Change');
    await said(page, 'It is drafted');
    await page.getByText('every file', { exact: true }).waitFor();
    await applyAll(page);
    await until('the host tells of its copies', async () => {
      const h = await api(farm, 'GET', `/sites/${farm.site}/hosts/${host}`);
      return h.facts.cache !== undefined;
    });
    await open(page, farm, `/hosts/${host}`);
    await page.getByRole('heading', { name: 'Copies of images' }).waitFor();
    await page.getByText('of at most 50 GB').first().waitFor();
    await look(page, 'host-copies');
  },

  async 'certificates: who ends when, and which hosts need it'({ page }) {
    await go(page, 'Certificates');
    await row(page, 'Fabrikam', 'ends within 60 days', '2 end with it').waitFor();
    await look(page, 'certificates');
    await page.getByRole('link', { name: 'Fabrikam' }).click();
    await page.getByText(/It ends in (19|20) days/).waitFor();
    await row(page, host, 'trusts it').waitFor();
    await look(page, 'certificate');
  },

  async 'of two changes one is discarded, the other applied'({ page, farm, v1, v2 }) {
    for (const { fullName } of [v1, v2])
      await api(farm, 'PATCH', `/sites/${farm.site}/packages/${fullName}`, { displayName: 'Renamed' });
    await open(page, farm, '/changes');
    await page.getByRole('checkbox', { name: v2.fullName }).check();
    await page.getByRole('button', { name: 'Discard 1 chosen change' }).click();
    await dialog(page).getByRole('listitem').filter({ hasText: v2.fullName }).waitFor();
    await look(page, 'discard-dialog');
    await confirm(page, 'Discard');
    await said(page, 'Discarded 1 change');
    await page.getByRole('button', { name: 'Apply the change' }).click();
    await confirm(page, 'Apply');
    await page.getByRole('heading', { name: 'Nothing is pending' }).waitFor();
    const name = async (p) => (await api(farm, 'GET', `/sites/${farm.site}/packages/${p.fullName}`)).displayName;
    assert.deepEqual([await name(v1), await name(v2)], ['Renamed', 'Contoso Notes']);
  },

  async 'ref Settings audit: what changed, before and after, put back'({ page, farm, v1 }) {
    await open(page, farm, `/audit?kind=package&key=${v1.fullName}`);
    await row(page, 'edit package', 'Renamed').first().waitFor();
    await row(page, 'edit package', 'Renamed')
      .getByRole('button', { name: /^Before and after/ })
      .click();
    await look(page, 'audit');
    await row(page, 'edit package', 'Renamed')
      .getByRole('button', { name: /^Revert/ })
      .click();
    await dialog(page).getByText('Renamed → Contoso Notes').waitFor();
    await look(page, 'revert-dialog');
    await confirm(page, 'Revert');
    await said(page, 'as it was before');
    await applyAll(page);
    assert.equal((await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`)).displayName, 'Contoso Notes');
    await open(page, farm, '/audit?view=farm&kind=user');
    await row(page, 'olga').first().waitFor();
  },

  async 'two administrators at once: the conflict is shown, nothing is lost'({ browser, page, farm, complaints, v1 }) {
    const other = await newPage(browser, complaints);
    await other.goto(`${farm.url}/packages/${v1.fullName}#token=${farm.token}`);
    await open(page, farm, `/packages/${v1.fullName}`);
    await page.getByLabel('Display name').fill('Mine');
    await other.getByLabel('Display name').fill('Theirs');
    await other.getByRole('button', { name: 'Save', exact: true }).click();
    await said(other, 'Saved as a draft');
    await page.getByText('Somebody else changed this package meanwhile').waitFor();
    assert.equal(await page.getByLabel('Display name').inputValue(), 'Mine');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('alert').filter({ hasText: 'display name: Contoso Notes → Theirs' }).waitFor();
    await look(page, 'conflict');
    assert.equal((await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`)).displayName, 'Theirs');
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await said(page, 'Saved as a draft');
    await other.getByRole('heading', { level: 1, name: 'Mine 1.0.0.0' }).waitFor(); // the other page follows
    await other.context().close();
    await api(farm, 'POST', `/sites/${farm.site}/changes/discard`, {});
  },

  async 'users, roles, keys, tokens and clients'({ page, farm }) {
    await open(page, farm, '/settings/users');
    await page.getByRole('button', { name: 'Add a user' }).click();
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('sam');
    await dialog(page).getByLabel('Password').fill('a password of sam');
    await dialog(page).getByLabel('Role', { exact: true }).selectOption('reader');
    await look(page, 'user-dialog');
    await confirm(page, 'Add');
    await row(page, 'sam', 'reader everywhere').waitFor();
    await page.getByRole('button', { name: 'Change sam' }).click();
    await dialog(page).getByLabel('Role', { exact: true }).selectOption('contributor');
    await confirm(page, 'Save');
    await row(page, 'sam', 'contributor everywhere').waitFor();
    await look(page, 'settings-users');
    await page.getByRole('button', { name: 'Remove sam' }).click();
    await confirm(page, 'Remove');
    await open(page, farm, '/settings/tokens');
    await page.getByRole('button', { name: 'Make a token' }).click();
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('pipeline');
    await confirm(page, 'Make');
    await page.getByText(/^bth_/).waitFor();
    await page.getByRole('button', { name: 'Copy the secret' }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^bth_/);
    await page.getByRole('button', { name: 'Make a client' }).click();
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('terraform');
    await confirm(page, 'Make');
    await page.getByRole('button', { name: 'Make a secret of terraform' }).click();
    await confirm(page, 'Make');
    await look(page, 'settings-tokens');
    await page.getByRole('button', { name: 'Revoke pipeline' }).click();
    await confirm(page, 'Revoke');
    await row(page, 'pipeline', 'revoked').waitFor();
    await open(page, farm, '/settings/agents');
    await page
      .getByRole('button', { name: /^Revoke / })
      .first()
      .click();
    await confirm(page, 'Revoke');
    await row(page, 'revoked').first().waitFor();
    await look(page, 'settings-agents');
  },

  async 'ref Staging failed, and Retry: an image that was altered is named with its cause and code'({
    page,
    farm,
    v1,
  }) {
    const kept = readFileSync(v1.imagePath);
    const altered = Buffer.from(kept);
    for (let at = altered.indexOf(said10); at >= 0; at = altered.indexOf(said10, at + 1))
      altered.write('6.6.6.6', at + 14);
    assert.notDeepEqual(altered, kept);
    writeFileSync(v1.imagePath, altered);
    await give(farm, v1.familyName, undefined, v1.fullName);
    await open(page, farm, '/matrix?view=list');
    const failed = row(page, 'Contoso Notes', '1.0.0.0', 'Staging failed', 'readme.txt', '0x80080');
    await failed.getByText('What to do').waitFor();
    assert.match(await colourOf(failed, 'Staging failed'), /danger/);
    await look(page, 'matrix-failed');
    await tryAgain(page, farm);
    writeFileSync(v1.imagePath, kept);
    await api(farm, 'POST', `/sites/${farm.site}/hosts/${host}/retry`);
    await status(farm, v1.familyName, 'Ready');
    await row(page, 'Contoso Notes', '1.0.0.0', 'Ready').waitFor();
    await letGo(farm, v1.familyName);
  },

  async 'a second site makes a choice, and an empty one teaches the first step'({ page, farm }) {
    await api(farm, 'POST', '/sites', { name: 'branch' });
    await open(page, farm, '/audit');
    await page.getByRole('combobox', { name: 'Site', exact: true }).selectOption('branch');
    await go(page, 'Application packages');
    await page.getByRole('heading', { name: 'The catalogue is empty' }).waitFor();
    assert.equal(new URL(page.url()).search, '?site=branch');
    await look(page, 'packages-empty');
    await page.getByRole('button', { name: /^Copy the command/ }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^berth package add .* --site branch$/);
    for (const [link, title, teaches] of [
      ['Overview', 'Overview', 'The catalogue is empty'],
      ['Hosts', 'Session hosts', 'No host has been enrolled yet'],
      ['RDSH groups', 'RDSH groups', 'There is none yet'],
      ['Site defaults', 'Site defaults', 'Nothing is assigned here'],
      ['Published resources', 'Published resources', 'No application is published'],
      ['Certificates', 'Certificates', 'No package is signed yet'],
      ['Tasks', 'Tasks', 'There is no task'],
      ['Pending changes', 'Pending changes', 'Nothing is pending'],
    ]) {
      await go(page, link, title);
      await page.getByRole('heading', { name: teaches }).waitFor();
      await look(page, `empty-${link.toLowerCase().replaceAll(' ', '-')}`, { once: true });
    }
    await go(page, 'Overview');
    await page.getByRole('combobox', { name: 'Site', exact: true }).selectOption(farm.site);
  },

  async 'the server is restarted under an open page, which recovers by itself'({ page, farm }) {
    await open(page, farm, `/matrix?site=${farm.site}`);
    await page
      .getByRole('button', { name: /^Ready .* on demo-host/ })
      .first()
      .waitFor();
    await farm.server.stop();
    await page.getByText('No connection; trying again').waitFor();
    await page.getByRole('alert').filter({ hasText: 'The server does not answer' }).first().waitFor();
    await page
      .getByRole('button', { name: /^Ready .* on demo-host/ })
      .first()
      .waitFor(); // what it knew stays
    await look(page, 'server-away');
    farm.server.start();
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 60_000 });
    await until('the alert is gone', async () => (await page.getByRole('alert').count()) === 0);
    await page
      .getByRole('button', { name: /^Ready .* on demo-host/ })
      .first()
      .waitFor();
  },
};

/** The last step: it looks at what all others have shown. */
export const commandsOfAll = {
  async 'every command that was shown is one of the program’s'({ farm }) {
    const shown = [...commands].filter((line) => line.startsWith('berth '));
    assert.ok(shown.length >= 20, `only ${shown.length} commands were shown`);
    for (const line of shown) {
      const bare = line
        .replace(/'[^']*'/g, 'X')
        .split(' ')
        .slice(1);
      const [noun, verb] = bare;
      const help = helpOf(farm.bin, noun, verb);
      for (const [flag] of line.matchAll(/(?<= )--[a-z-]+/g))
        assert.ok(help.includes(` ${flag} `) || help.includes(` ${flag}\n`), `no flag ${flag}: ${line}`);
    }
  },
};

/** helpOf is the help of a command of one or two words; it fails where there is no such command. */
function helpOf(bin, noun, verb) {
  const ask = (...words) => execFileSync(bin, [...words, '--help'], { encoding: 'utf8' });
  if (verb === undefined || verb.startsWith('-') || noun === 'server' || noun === 'api') return ask(noun);
  const help = ask(noun, verb);
  assert.ok(help.includes(`  berth ${noun} ${verb}`), `there is no command: berth ${noun} ${verb}`);
  return help;
}
