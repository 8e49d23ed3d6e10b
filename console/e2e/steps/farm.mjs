// The items of the reference about hosts, pools and defaults, and the statuses of packages on them.
import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { look } from '../browser.mjs';
import { api, azure, host } from '../farm.mjs';
import {
  applyAll,
  choose,
  colourOf,
  command,
  confirm,
  dialog,
  go,
  heading,
  open,
  row,
  status,
  tab,
  tryAgain,
} from '../tools.mjs';

/** add puts families into the list that is in view. */
async function add(page, { family, families = [family], version, onDemand }) {
  await page.getByRole('button', { name: 'Add', exact: true }).last().click();
  for (const name of families) await dialog(page).getByRole('checkbox', { name }).check();
  if (version) await dialog(page).getByLabel('Version', { exact: true }).selectOption({ label: version });
  if (onDemand) await dialog(page).getByLabel('Registration', { exact: true }).selectOption('onDemand');
}

async function addPool(page, link, title, name, kind) {
  await go(page, link, title);
  await command(page, 'Add');
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  if (kind) await dialog(page).getByLabel('Kind', { exact: true }).selectOption({ label: kind });
  await confirm(page, 'Add');
  await page.getByRole('link', { name }).click();
  await heading(page, name);
}

export const steps = {
  async 'ref Add a package to a host: by a tag, with its dependencies warned of'({ page, farm }) {
    await go(page, 'Hosts', 'Session hosts');
    await row(page, host, 'RD Session Host').waitFor();
    await look(page, 'hosts');
    await page.getByRole('link', { name: host }).click();
    await heading(page, host);
    await look(page, 'host-general');
    await tab(page, 'Application packages');
    await add(page, { family: 'Fabrikam Paint', version: 'exactly 1.0.0.0 (x64)' });
    await dialog(page).getByText('has dependencies').waitFor();
    await dialog(page)
      .getByText(/Fabrikam\.Runtime.*missing/)
      .waitFor();
    await look(page, 'assign-dialog');
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await add(page, { family: 'Sketch', version: 'tag Custom' });
    await dialog(page).getByText('The command for this').click();
    await dialog(page)
      .getByText(/berth assign add Fabrikam\.Sketch_\S+ --tag Custom --host demo-host/)
      .waitFor();
    await confirm(page, 'Add');
    await row(page, 'Sketch', 'Not applied').waitFor();
    await look(page, 'host-packages');
    await applyAll(page);
    await open(page, farm, '/matrix?view=list');
    await row(page, 'Sketch', 'Ready').waitFor();
  },

  async 'why a version is there is told'({ page, farm }) {
    await open(page, farm, `/hosts/${host}?tab=packages`);
    await row(page, 'Sketch', 'Ready').waitFor();
    await page.getByRole('button', { name: 'Why Contoso Notes is there' }).click();
    await dialog(page)
      .getByText(/It comes from the host’s own list, by tag Production/)
      .waitFor();
    await look(page, 'why');
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
  },

  async 'a host tries a package beforehand'({ page }) {
    await command(page, 'Try a package beforehand');
    await dialog(page).getByLabel('Package', { exact: true }).selectOption({ label: 'Contoso Notes 1.0.0.0 (x64)' });
    await dialog(page).getByRole('button', { name: 'Try', exact: true }).click();
    await dialog(page).getByRole('row').filter({ hasText: 'signature' }).waitFor();
    await look(page, 'preflight');
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
  },

  async 'ref In use and Disabling: a session keeps what it has'({ page, farm, v1 }) {
    farm.session('open', 'e2e', '--user', 'alice', '--home', join(farm.dir, 'home', 'alice'));
    await open(page, farm, '/matrix');
    await page.getByRole('button', { name: /^In use 2\.0\.0\.0 Contoso Notes on/ }).waitFor();
    assert.equal(await colourOf(page.getByRole('main'), 'In use'), 'success');
    await look(page, 'matrix-in-use');
    await open(page, farm, `/hosts/${host}?tab=sessions`);
    await row(page, 'alice', 'Contoso.Notes_2').waitFor();
    await look(page, 'host-sessions');
    await api(farm, 'POST', `/sites/${farm.site}/packages/${v1.fullName}/tags`, { tag: 'production', move: true });
    await open(page, farm, '/changes');
    await page.getByText('will update').waitFor();
    await look(page, 'changes-preview');
    await applyAll(page);
    await go(page, 'Packages on hosts');
    await page.getByRole('button', { name: /^Disabling 2\.0\.0\.0 Contoso Notes on/ }).waitFor();
    await page.getByRole('button', { name: /^Ready 1\.0\.0\.0/ }).waitFor();
    assert.equal(await colourOf(page.getByRole('main'), 'Ready'), 'success');
    assert.equal(await colourOf(page.getByRole('main'), 'Disabling'), 'warning');
    await page.getByRole('button', { name: /^Disabling 2\.0\.0\.0 Contoso Notes on/ }).click();
    await dialog(page)
      .getByText(/waiting for deregistration/)
      .first()
      .waitFor();
    await look(page, 'disabling');
    await page.keyboard.press('Escape');
    farm.session('close', 'e2e');
    await page.getByRole('button', { name: /2\.0\.0\.0/ }).waitFor({ state: 'detached' }); // the page follows by itself
  },

  async 'ref Not found, and Retry: the cause, the cure, the button'({ page, farm, v2 }) {
    renameSync(v2.imagePath, `${v2.imagePath}.away`);
    await api(farm, 'POST', `/sites/${farm.site}/packages/${v2.fullName}/tags`, { tag: 'production', move: true });
    await open(page, farm, '/changes');
    await applyAll(page);
    await open(page, farm, '/matrix?view=list');
    await row(page, host, '2.0.0.0', 'Not found', 'What to do').waitFor();
    await look(page, 'matrix-not-found');
    await open(page, farm, '/');
    await page.getByRole('heading', { name: 'Hosts that need somebody' }).waitFor();
    await page.getByRole('main').getByRole('link', { name: host }).waitFor();
    await look(page, 'overview-trouble');
    await page
      .getByRole('main')
      .getByRole('link', { name: /Not found/ })
      .click();
    await heading(page, 'Packages on hosts');
    assert.match(page.url(), /status=Not\+found|status=Not%20found/);
    await tryAgain(page, farm);
    renameSync(`${v2.imagePath}.away`, v2.imagePath);
    await api(farm, 'POST', `/sites/${farm.site}/hosts/${host}/retry`);
    await open(page, farm, '/matrix?view=list');
    await row(page, host, '2.0.0.0', 'Ready').waitFor();
  },

  async 'ref No version found: a tag that no version carries'({ page, farm, sketch }) {
    await api(farm, 'DELETE', `/sites/${farm.site}/packages/${sketch.fullName}/tags/custom`);
    await open(page, farm, '/changes');
    await applyAll(page);
    await open(page, farm, `/hosts/${host}?tab=packages`);
    await row(page, 'Sketch', 'No version found', 'What to do').waitFor();
    await look(page, 'host-no-version');
    await api(farm, 'POST', `/sites/${farm.site}/packages/${sketch.fullName}/tags`, { tag: 'custom' });
    await open(page, farm, '/changes');
    await applyAll(page);
    await status(farm, sketch.familyName, 'Ready');
  },

  async 'ref Add a package to Group Defaults: clear Inherit, which copies, and add'({ page }) {
    await addPool(page, 'RDSH groups', 'RDSH groups', 'Accounting');
    await page.getByText('inherited').waitFor();
    await look(page, 'group-inherits');
    await page.getByRole('switch', { name: 'Inherit default settings' }).click();
    await look(page, 'inherit-dialog');
    await confirm(page, 'Copy the list');
    await add(page, { family: 'Contoso Notes', version: 'tag Production' });
    await confirm(page, 'Add');
    await row(page, 'Contoso Notes', 'tag Production').waitFor();
    await look(page, 'group');
  },

  async 'ref Add a package to a VDI pool, on demand'({ page }) {
    await addPool(page, 'VDI and AVD pools', 'VDI and AVD pools', 'Designers', 'VDI');
    await page.getByRole('switch', { name: 'Inherit default settings' }).click();
    await confirm(page, 'Copy the list');
    await add(page, { families: ['Sketch', 'Contoso Notes'], version: 'tag Custom', onDemand: true });
    await confirm(page, 'Add');
    for (const name of ['Sketch', 'Contoso Notes']) await row(page, name, 'tag Custom', 'when first used').waitFor();
  },

  async 'ref Add a package to an AVD pool, and its Azure id'({ page }) {
    await addPool(page, 'VDI and AVD pools', 'VDI and AVD pools', 'Cloud', 'Azure Virtual Desktop');
    await page.getByRole('switch', { name: 'Inherit default settings' }).click();
    await confirm(page, 'Copy the list');
    await add(page, { family: 'Contoso Notes', version: 'exactly 2.0.0.0 (x64)' });
    await confirm(page, 'Add');
    await row(page, 'Contoso Notes', 'exactly 2.0.0.0').waitFor();
    await tab(page, 'Azure');
    await page.getByText(/hostPools\/Cloud\/msixPackages/).waitFor();
    await look(page, 'pool-azure');
  },

  async 'ref Add a package to Site Defaults, from a group, and who inherits'({ page, farm }) {
    await open(page, farm, '/groups/Accounting');
    await page.getByRole('tabpanel').getByRole('link', { name: 'Site defaults' }).click();
    await heading(page, 'Site defaults');
    await add(page, { family: 'Sketch', version: 'tag Custom' });
    await confirm(page, 'Add');
    await row(page, 'Sketch', 'tag Custom').waitFor();
    await look(page, 'defaults');
    await page.getByRole('button', { name: 'Change Sketch' }).click();
    await dialog(page).getByLabel('Registration', { exact: true }).selectOption('onDemand');
    await confirm(page, 'Save');
    await row(page, 'Sketch', 'when first used').waitFor();
    await applyAll(page);
  },

  async 'ref The Azure reference: a package as Azure’s clients see it in a host pool'({ page, farm, v2 }) {
    await open(page, farm, `/packages/${v2.fullName}?tab=json`);
    await page.getByLabel('Host pool').selectOption('Cloud');
    const shown = page.getByRole('region', { name: 'As Azure’s API has it' });
    await shown.getByText('"isActive": true').waitFor();
    const id = `/subscriptions/${farm.subscriptionId}/resourceGroups/${farm.resourceGroup}/providers/Microsoft.DesktopVirtualization/hostPools/Cloud/msixPackages/${v2.fullName}`;
    const said = await azure(farm, `${id}?api-version=2024-04-03`);
    assert.deepEqual(JSON.parse(await shown.textContent()), said);
    for (const name of [
      'isRegularRegistration',
      'lastUpdated',
      'packageRelativePath',
      'packageFamilyName',
      'imagePath',
    ])
      assert.ok(name in said.properties, name);
    assert.ok(said.properties.packageApplications[0].appUserModelID && said.systemData.createdAt);
    await look(page, 'package-azure', { twice: true });
    await tab(page, 'Applications');
    await row(page, 'Notes', '!Notes', 'notes.exe')
      .getByRole('img')
      .or(page.locator('td img').first())
      .first()
      .waitFor();
  },

  async 'a host moves into a group and inherits from it'({ page, farm }) {
    await go(page, 'Hosts', 'Session hosts');
    await choose(page, host);
    await command(page, 'Move to a group or pool');
    await dialog(page).getByLabel('Group or pool').selectOption('Accounting');
    await look(page, 'move-dialog');
    await confirm(page, 'Move');
    await open(page, farm, `/hosts/${host}?tab=packages`);
    await page.getByRole('switch', { name: 'Inherit default settings' }).click();
    await dialog(page).getByText('of its own list').waitFor();
    await confirm(page, 'Inherit');
    await page.getByText('This list comes from').waitFor();
    await page.getByRole('link', { name: 'pool Accounting' }).first().waitFor();
    await applyAll(page);
    await open(page, farm, '/groups/Accounting?tab=hosts');
    await row(page, host).waitFor();
  },

  async 'an assignment is removed from a list, which names what it hits'({ page, farm }) {
    await open(page, farm, '/groups/Accounting');
    await page.getByRole('button', { name: 'Remove Contoso Notes' }).click();
    await dialog(page).getByText('something changes on 1 host: demo-host').waitFor();
    await look(page, 'unassign-dialog');
    await confirm(page, 'Remove');
    await page.getByRole('heading', { name: 'Nothing is assigned here' }).waitFor();
    await api(farm, 'POST', `/sites/${farm.site}/changes/discard`, {});
    await row(page, 'Contoso Notes').waitFor();
  },

  async 'the image library: look into an image, verify it, build one, follow the tasks'({ page, farm }) {
    await open(page, farm, `/images?path=${encodeURIComponent(farm.images)}`);
    await page.getByRole('button', { name: 'suite.vhdx' }).click();
    await page.getByRole('button', { name: 'Look into it' }).click();
    await page.getByRole('heading', { name: 'Fabrikam Sketch 1.0.0.0' }).waitFor();
    await look(page, 'image');
    await page.getByRole('button', { name: 'Verify every file' }).click();
    await page.getByText('Every file of every package is as it was signed.').waitFor();
    await open(page, farm, `/images?path=${encodeURIComponent(join(farm.images, 'inbox'))}`);
    await page.getByRole('button', { name: 'Sketch.msix' }).click();
    await look(page, 'build-dialog');
    await dialog(page).getByRole('button', { name: 'Build', exact: true }).click();
    await heading(page, 'Tasks');
    await row(page, 'Building an image', 'done').waitFor();
    await page
      .getByRole('button', { name: /^Log and result of the task about .*Sketch/ })
      .first()
      .click();
    await page.getByRole('log').waitFor();
    await look(page, 'tasks');
    rmSync(join(farm.images, 'inbox', 'Sketch.vhdx'));
  },

  async 'published resources: an application, from where, to whom'({ page }) {
    await go(page, 'Published resources');
    await page.getByRole('button', { name: 'Publish an application' }).click();
    await dialog(page)
      .getByRole('combobox', { name: 'Application', exact: true })
      .selectOption({ label: 'Notes (Contoso Notes)' });
    await dialog(page).getByRole('checkbox', { name: 'pool Accounting' }).check();
    await dialog(page).getByLabel('Users and groups').fill('CONTOSO\\sales');
    await look(page, 'publish-dialog');
    await confirm(page, 'Publish');
    await row(page, 'Notes', host, 'CONTOSO\\sales', 'create').waitFor();
    await applyAll(page);
    await go(page, 'Published resources');
    await look(page, 'published');
    await go(page, 'Application packages');
    await choose(page, '2.0.0.0', 'notes-2');
    await command(page, 'Show published resources');
    await row(page, 'Notes', host, 'CONTOSO\\sales').waitFor();
    await go(page, 'Published resources');
    await page.getByRole('button', { name: 'End Notes' }).click();
    await dialog(page).getByText('1 host offers it: demo-host').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  },
};
