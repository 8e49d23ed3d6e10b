// Dialogs that no other step has looked at, and the commands that dialogs show, pasted into a shell.
import assert from 'node:assert/strict';
import { look } from '../browser.mjs';
import { api, host } from '../farm.mjs';
import { choose, command, dialog, open, row } from '../tools.mjs';

/** click presses a button by its name. */
const click = (name) => (page) =>
  page
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click();

/** Each opens one dialog on one page. */
const dialogs = [
  ['host-retry', `/hosts/${host}`, (page) => command(page, 'Try again')],
  ['host-remove', `/hosts/${host}`, (page) => command(page, 'Remove')],
  ['host-revoke', `/hosts/${host}`, (page) => command(page, 'Revoke its certificate')],
  ['hosts-retry', '/hosts', async (page) => [await choose(page, host), await command(page, 'Try again')]],
  ['pool-add', '/pools', (page) => command(page, 'Add')],
  ['pool-delete', '/groups', click('Delete Accounting')],
  ['assign-change', '/defaults', click('Change Sketch')],
  [
    'inherit-again',
    `/groups/Accounting`,
    (page) => page.getByRole('switch', { name: 'Inherit default settings' }).click(),
  ],
  ['enable', '/packages', async (page) => [await choose(page, 'notes-2'), await command(page, 'Disable')]],
  ['publication-change', '/published', click('Change Notes')],
  ['publication-end', '/published', click('End Notes')],
  [
    'tag-history-back',
    '/settings/tags',
    async (page) => [await click('History of Production')(page), await click(/^Move back/)(page)],
  ],
  ['tag-remove-all', '/settings/tags', click(/^Remove all tags of the packages with Production/)],
  ['user-change', '/settings/users', click('Change olga')],
  ['user-password', '/settings/users', click('Set the password of olga')],
  ['user-remove', '/settings/users', click('Remove olga')],
  ['session-end', '/settings/users', click(/^End it/)],
  ['token', '/settings/tokens', click('Make a token')],
  ['client', '/settings/tokens', click('Make a client')],
  ['client-secret', '/settings/tokens', click(/^Make a secret of/)],
  ['client-remove', '/settings/tokens', click(/^Remove bootstrap/)],
  ['key-revoke', '/settings/agents', click(/^Revoke /)],
];

/** A change by a dialog's button, its command and its request must come to the same. */
const alike = [
  {
    what: 'a display name that a shell could misread',
    path: (v) => `/packages/${v.v2.fullName}`,
    async fill(page) {
      await page.getByLabel('Display name').fill(`O'Brien’s "notes" $HOME \`id\` & Söhne`);
      await page.getByRole('group', { name: 'Version tag' }).getByRole('checkbox', { name: 'Pre-production' }).check();
      await page.getByLabel('Health of AVD hosts where it cannot be staged').selectOption('Unhealthy');
    },
    inPage: true,
    confirm: 'Save',
    async state(farm, v) {
      const p = await api(farm, 'GET', `/sites/${farm.site}/packages/${v.v2.fullName}`);
      return [p.displayName, p.tags.toSorted(), p.onFailure];
    },
  },
  {
    what: 'tags moved from their siblings',
    path: () => '/packages',
    async fill(page) {
      await choose(page, 'notes-1');
      await command(page, 'Change version tag');
      await dialog(page).getByRole('checkbox', { name: 'Production', exact: true }).check();
    },
    confirm: 'Save tags',
    async state(farm) {
      const { items } = await api(farm, 'GET', `/sites/${farm.site}/packages`);
      return items.map((p) => [p.fullName, p.tags]);
    },
  },
  {
    what: 'an assignment by a tag, when first used',
    path: () => '/pools/Designers',
    async fill(page) {
      await page.getByRole('button', { name: 'Add', exact: true }).last().click();
      await dialog(page).getByRole('checkbox', { name: 'Fabrikam Paint' }).check();
      await dialog(page).getByLabel('Version', { exact: true }).selectOption({ label: 'tag Pre-production' });
      await dialog(page).getByLabel('Registration', { exact: true }).selectOption('onDemand');
    },
    confirm: 'Add',
    state: async (farm) => (await api(farm, 'GET', `/sites/${farm.site}/pools/Designers/assignments`)).assignments,
  },
  {
    what: 'the feature, switched off',
    path: () => '/settings/features',
    fill: (page) => page.getByRole('switch', { name: 'Enable Application Packages feature' }).click(),
    confirm: 'Switch off',
    state: async (farm) => (await api(farm, 'GET', `/sites/${farm.site}/settings`)).enabled,
  },
  {
    what: 'a host, moved out of its group',
    path: () => `/hosts/${host}`,
    async fill(page) {
      await command(page, 'Move to a group or pool');
      await dialog(page).getByLabel('Group or pool').selectOption({ label: 'none' });
    },
    confirm: 'Move',
    state: async (farm) => (await api(farm, 'GET', `/sites/${farm.site}/hosts/${host}`)).pool ?? '',
  },
];

/** lines are the commands below "The command for this". */
async function lines(page, where) {
  await where.getByText('The command for this').click();
  const shown = await where.locator('details code').allTextContents();
  await look(page, 'commands', { once: true });
  return { cli: shown.filter((l) => l.startsWith('berth ')), curl: shown.filter((l) => l.startsWith('curl ')) };
}

export const steps = {
  async 'every other dialog, seen and left'({ page, farm }) {
    await api(farm, 'POST', `/sites/${farm.site}/enroll-keys`, { name: 'for a picture', kind: 'rdsh' });
    for (const [name, path, act] of dialogs) {
      await open(page, farm, `${path}?site=${farm.site}`);
      await page.getByText('Asking the server').first().waitFor({ state: 'detached' });
      await act(page);
      await dialog(page).getByRole('heading').first().waitFor();
      await page.getByText('Asking the server').first().waitFor({ state: 'detached' });
      await look(page, `dialog-${name}`, { twice: true });
      await page.keyboard.press('Escape');
      await dialog(page).waitFor({ state: 'detached' });
    }
    assert.deepEqual(
      (await api(farm, 'GET', `/sites/${farm.site}/changes`)).items,
      [],
      'a dialog that was left did something',
    );
  },

  async 'what a dialog shows for a terminal does the same as its button'({ page, farm, ...v }) {
    for (const one of alike) {
      const came = {};
      const before = JSON.stringify(await one.state(farm, v));
      for (const way of ['button', 'cli', 'curl']) {
        await open(page, farm, `${one.path(v)}?site=${farm.site}`);
        await page.getByText('Asking the server').first().waitFor({ state: 'detached' });
        await one.fill(page);
        const where = one.inPage ? page.getByRole('main') : dialog(page);
        const shown = await lines(page, where);
        assert.equal(shown.curl.length, 1, `${one.what}: one request is shown`);
        if (way === 'button') {
          await where.getByRole('button', { name: one.confirm, exact: true }).click();
          if (!one.inPage) await dialog(page).waitFor({ state: 'detached' });
          else await page.getByText('Nothing was changed.').first().waitFor({ state: 'attached' });
        } else {
          for (const line of shown[way]) farm.shell(line);
          if (one.inPage) await page.getByRole('button', { name: 'Undo', exact: true }).click();
        }
        came[way] = await one.state(farm, v);
        await api(farm, 'POST', `/sites/${farm.site}/changes/discard`, {});
      }
      assert.notEqual(JSON.stringify(came.button), before, `${one.what}: nothing came of it`);
      assert.deepEqual(came.cli, came.button, `${one.what}: the command does something else than the button`);
      assert.deepEqual(came.curl, came.button, `${one.what}: the request does something else than the button`);
    }
  },

  async 'a token for every site, by its command'({ page, farm }) {
    await open(page, farm, `/settings/tokens?site=${farm.site}`);
    await page.getByRole('button', { name: 'Make a token' }).click();
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('by hand');
    await dialog(page).getByLabel('In', { exact: true }).selectOption({ label: 'every site' });
    const { cli } = await lines(page, dialog(page));
    const token = farm.shell(cli[0]).trim();
    const who = await api(farm, 'GET', '/whoami', undefined, { token });
    assert.deepEqual(who.roles, [{ role: 'reader' }]);
    await page.keyboard.press('Escape');
  },

  async 'a user with different roles in two sites'({ page, farm }) {
    await open(page, farm, `/settings/users?site=${farm.site}`);
    await page.getByRole('button', { name: 'Add a user' }).click();
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('ben');
    await dialog(page).getByLabel('Password').fill('a password of ben');
    const role = (n) => dialog(page).getByRole('group', { name: `Role ${n}` });
    await role(1).getByLabel('Role', { exact: true }).selectOption('owner');
    await dialog(page).getByRole('button', { name: 'Give another role' }).click();
    await dialog(page).getByRole('button', { name: 'Give another role' }).click();
    await role(3).getByLabel('Role', { exact: true }).selectOption('contributor');
    await dialog(page).getByRole('button', { name: 'Take role 2 away' }).click();
    await role(1).getByLabel('In', { exact: true }).selectOption('branch');
    await role(2).getByLabel('In', { exact: true }).selectOption('branch');
    assert.match(
      (await dialog(page).getByRole('button', { name: 'Add', exact: true }).getAttribute('title')) ?? '',
      /Two roles are for site branch/,
    );
    await role(2).getByLabel('In', { exact: true }).selectOption(farm.site);
    await look(page, 'user-two-roles', { twice: true });
    await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
    await row(page, 'ben', 'owner in branch', `contributor in ${farm.site}`).waitFor();
    await page.getByRole('button', { name: 'Change ben' }).click();
    await role(1).getByLabel('Role', { exact: true }).selectOption('reader');
    await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
    await row(page, 'ben', 'reader in branch', `contributor in ${farm.site}`).waitFor();
    await page.getByRole('button', { name: 'Change ben' }).click();
    await dialog(page).getByRole('button', { name: 'Take role 1 away' }).click();
    await dialog(page).getByRole('button', { name: 'Take role 1 away' }).click();
    await dialog(page).getByText('No role: may sign in, and see nothing.').waitFor();
    await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
    await row(page, 'ben', 'no role').waitFor();
  },
};
