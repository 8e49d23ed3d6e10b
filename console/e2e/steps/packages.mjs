// The items of the reference about packages: "Adding an MSIX application package", "Managing", "Package properties".
import assert from 'node:assert/strict';
import { look } from '../browser.mjs';
import { api, until } from '../farm.mjs';
import {
  applyAll,
  choose,
  command,
  confirm,
  dialog,
  go,
  heading,
  off,
  open,
  pending,
  row,
  said,
  tab,
  tabTo,
} from '../tools.mjs';

export const steps = {
  async 'ref Add: browse a share, choose the package in the image, see the findings, finish'({ page, farm }) {
    await go(page, 'Application packages');
    await command(page, 'Add');
    await heading(page, 'Add from MSIX image');
    await look(page, 'add-1-image');
    await page.getByRole('button', { name: 'Browse' }).click();
    await page.getByRole('button', { name: farm.images }).click();
    await page.getByRole('button', { name: 'suite.vhdx' }).waitFor();
    await look(page, 'add-1-browse');
    await page.getByRole('button', { name: 'suite.vhdx' }).click();
    await page.getByRole('heading', { name: 'Fabrikam Paint 1.0.0.0' }).waitFor();
    await look(page, 'add-2-package');
    await off(page.getByRole('button', { name: 'Next', exact: true }), /Choose a package/);
    await page.getByRole('checkbox', { name: /Add Fabrikam\.Sketch_/ }).check();
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByLabel('Display name').fill('Sketch');
    await page.getByRole('checkbox', { name: 'Custom' }).check();
    await look(page, 'add-3-details');
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByText('The command for this').click();
    await page
      .getByText(/berth package add .*suite\.vhdx --package Fabrikam\.Sketch_.* --name Sketch --tag Custom/)
      .first()
      .waitFor();
    await look(page, 'add-4-review');
    await page.getByRole('button', { name: 'Finish' }).click();
    await said(page, 'Added as a draft');
    await heading(page, 'Application packages');
    await row(page, 'Sketch', 'Fabrikam', 'Custom', 'suite.vhdx', 'soon').waitFor();
    await look(page, 'packages');
  },

  async 'ref Add: several packages of an image at once, with dependencies told'({ page, farm }) {
    await open(page, farm, `/packages/add?path=${encodeURIComponent(`${farm.images}/suite.vhdx`)}`);
    await page.getByRole('button', { name: 'Next: look into it' }).click();
    await page.getByText('The catalogue has this version already').waitFor();
    await page
      .getByText(/Fabrikam\.Runtime/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByLabel('Health of AVD hosts where it cannot be staged').selectOption('Unhealthy');
    await page.getByLabel('Assign it to').selectOption({ label: 'site defaults for VDI' });
    await page
      .getByLabel('Version', { exact: true })
      .selectOption({ label: 'tag Pre-production, which it does not get here' });
    await page.getByRole('radio', { name: /^On demand/ }).check();
    await page.getByRole('radio', { name: /^Disabled/ }).check();
    await look(page, 'add-3-all', { twice: true });
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByText('site defaults for VDI: tag Pre-production, registered when first used').waitFor();
    await page.getByRole('button', { name: 'Finish' }).click();
    await said(page, 'Added as a draft');
    await row(page, 'Fabrikam Paint', 'no').waitFor();
    const { items } = await api(farm, 'GET', `/sites/${farm.site}/packages?search=Paint`);
    assert.deepEqual([items[0].enabled, items[0].onFailure], [false, 'Unhealthy']);
    const { assignments } = await api(farm, 'GET', `/sites/${farm.site}/defaults/vdi/assignments`);
    assert.deepEqual(assignments, [{ family: items[0].familyName, tag: 'preProduction', registration: 'onDemand' }]);
    await api(farm, 'DELETE', `/sites/${farm.site}/defaults/vdi/assignments/${items[0].familyName}`);
    await choose(page, 'Fabrikam Paint');
    await command(page, 'Enable');
    await look(page, 'enable-dialog', { twice: true });
    await confirm(page, 'Enable');
    await row(page, 'Fabrikam Paint', 'yes').waitFor();
  },

  async 'ref Add: from a VHD and from a CIM'({ page, farm }) {
    for (const [image, name, form] of [
      ['canvas.vhd', 'Fabrikam Canvas', 'vhd'],
      ['brush.cim', 'Fabrikam Brush', 'cim'],
    ]) {
      await open(page, farm, '/packages/add');
      await page.getByRole('button', { name: 'Browse' }).click();
      await page.getByRole('button', { name: farm.images }).click();
      await page.getByRole('button', { name: image, exact: true }).click();
      await page.getByRole('heading', { name: `${name} 1.0.0.0` }).waitFor();
      await page
        .getByText(new RegExp(`^${form}\\b`))
        .first()
        .waitFor();
      await look(page, `add-${form}`, { twice: true });
      await page.getByRole('button', { name: 'Next', exact: true }).click();
      await page.getByRole('button', { name: 'Next', exact: true }).click();
      await page.getByRole('button', { name: 'Finish' }).click();
      await said(page, 'Added as a draft');
      await row(page, name, image).waitFor();
      const { items } = await api(farm, 'GET', `/sites/${farm.site}/packages?search=${encodeURIComponent(name)}`);
      await api(farm, 'DELETE', `/sites/${farm.site}/packages/${items[0].fullName}`); // other steps count what there is
    }
  },

  async 'an image that is not there is refused with the code and what to do'({ page, farm }) {
    await open(page, farm, '/packages/add');
    await page.getByLabel('MSIX image path').fill(`${farm.images}/gone.vhdx`);
    await page.keyboard.press('Enter');
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'gone.vhdx' }).waitFor();
    await alert.filter({ hasText: 'What to do' }).waitFor();
    await look(page, 'add-refused');
  },

  async 'ref Enable application package, Display name: edited in the properties, guarded while unsaved'({
    page,
    farm,
    v1,
  }) {
    await open(page, farm, `/packages/${v1.fullName}`);
    await heading(page, 'Contoso Notes 1.0.0.0');
    await page.getByLabel('Display name').fill('Notes (old)');
    await page.getByRole('checkbox', { name: 'Enable application package in site' }).uncheck();
    await page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: 'Images' }).click();
    await dialog(page).getByText('Leave without saving?').waitFor();
    await look(page, 'unsaved', { once: true });
    await dialog(page).getByRole('button', { name: 'Stay here' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await said(page, 'Saved as a draft');
    await heading(page, 'Notes (old) 1.0.0.0');
    const now = await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`);
    assert.deepEqual([now.displayName, now.enabled], ['Notes (old)', false]);
    await page.getByRole('checkbox', { name: 'Enable application package in site' }).check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await until(
      'it is enabled',
      async () => (await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`)).enabled,
    );
  },

  async 'ref Version tag: changed in the properties, several at once'({ page, farm, v1 }) {
    await open(page, farm, `/packages/${v1.fullName}`);
    const tags = page.getByRole('group', { name: 'Version tag' });
    await tags.getByRole('checkbox', { name: 'Pre-production' }).check();
    await tags.getByRole('checkbox', { name: 'Custom' }).check();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await said(page, 'Saved as a draft');
    const get = async () => (await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`)).tags ?? [];
    assert.deepEqual((await get()).toSorted(), ['custom', 'preProduction']);
    await tags.getByRole('checkbox', { name: 'Pre-production' }).uncheck();
    await tags.getByRole('checkbox', { name: 'Custom' }).uncheck();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await until('the tags are gone', async () => (await get()).length === 0);
  },

  async 'ref Properties: General and Certificate, with View certificate info'({ page, v2 }) {
    await go(page, 'Application packages');
    await choose(page, 'Contoso Notes', '2.0.0.0');
    await command(page, 'Properties');
    await heading(page, 'Contoso Notes 2.0.0.0');
    for (const name of [
      'Package',
      'Version',
      'Publisher',
      'MSIX image path',
      'Version tag',
      'Applications',
      'Dependencies',
    ]) {
      await page
        .getByRole('term')
        .filter({ hasText: new RegExp(`^${name}$`) })
        .first()
        .waitFor();
    }
    await page.getByText(v2.imagePath).waitFor();
    await page.getByText('Notes, Notes Reader').waitFor();
    await tab(page, 'Certificate');
    for (const name of ['Key size', 'Expiration date', 'Common name'])
      await page.getByRole('term').filter({ hasText: name }).waitFor();
    await page.getByRole('button', { name: 'View certificate info' }).click();
    await page.getByText('SHA-256').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    assert.match(download.suggestedFilename(), /\.pem$/);
    await look(page, 'package-certificate-info');
    await tab(page, 'Dependencies');
    await page.getByText('It needs no other package').waitFor();
  },

  async 'ref Change version tag: from the list, moved from its sibling'({ page, farm, v1 }) {
    await go(page, 'Application packages');
    await off(
      page.getByRole('toolbar').getByRole('button', { name: 'Change version tag' }),
      /Choose one or more packages/,
    );
    await choose(page, '1.0.0.0', 'notes-1');
    await command(page, 'Change version tag');
    await dialog(page).getByRole('checkbox', { name: 'Pre-production' }).check();
    await dialog(page).getByRole('checkbox', { name: 'Custom' }).check();
    await dialog(page).getByText('The command for this').click();
    await dialog(page).getByText(`berth tag move Pre-production ${v1.fullName}`).waitFor();
    await dialog(page)
      .getByText(/^curl -X POST/)
      .waitFor();
    await look(page, 'tags-dialog');
    await confirm(page, 'Save tags');
    await said(page, 'are drafted');
    await row(page, '1.0.0.0', 'Pre-production', 'Custom').waitFor();
    const { tags } = await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`);
    assert.equal(tags.length, 2);
  },

  async 'ref Remove all tags'({ page, farm, v1 }) {
    await choose(page, '1.0.0.0', 'notes-1');
    await command(page, 'Remove all tags');
    await dialog(page).getByText('No host has').waitFor();
    await look(page, 'untag-dialog');
    await confirm(page, 'Remove all tags');
    await until(
      'the tags are gone',
      async () => !(await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`)).tags?.length,
    );
    await row(page, '1.0.0.0', 'notes-1', 'none').waitFor();
  },

  async 'ref Search: a filter in the address'({ page }) {
    await page.getByRole('toolbar').getByRole('button', { name: 'Search' }).click();
    await page.keyboard.type('sketch');
    await page.getByText('1 row', { exact: true }).waitFor();
    assert.match(page.url(), /search=sketch/);
    await page.getByLabel('Version tag').selectOption('Production');
    await page.getByRole('heading', { name: 'Nothing fits these filters' }).waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await row(page, 'notes-2').waitFor();
  },

  async 'ref Show assigned session hosts, Show published resources, Settings audit, Refresh'({ page }) {
    await choose(page, '2.0.0.0', 'notes-2');
    await command(page, 'Show assigned session hosts');
    await row(page, 'demo-host', 'Production').waitFor();
    await page.goBack();
    await choose(page, '2.0.0.0', 'notes-2');
    await command(page, 'Show published resources');
    await page.getByRole('heading', { name: 'No application is published' }).waitFor();
    await page.goBack();
    await command(page, 'Refresh');
    await said(page, 'as new as the server knows');
    await choose(page, '2.0.0.0', 'notes-2');
    await command(page, 'Settings audit');
    await heading(page, 'Settings audit');
    assert.match(page.url(), /kind=package&key=Contoso\.Notes_2/);
    await row(page, 'tag package').first().waitFor();
  },

  async 'ref Delete: names who has it, and takes it away once applied'({ page, farm, v1 }) {
    await go(page, 'Application packages');
    await choose(page, '2.0.0.0', 'notes-2');
    await command(page, 'Delete');
    await dialog(page).getByText('demo-host').waitFor();
    await look(page, 'delete-dialog');
    await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click();
    // It is assigned: refused, with what holds it.
    await dialog(page).getByRole('alert').filter({ hasText: 'demo-host' }).waitFor();
    await look(page, 'delete-refused');
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await choose(page, '1.0.0.0', 'notes-1');
    await command(page, 'Delete');
    await dialog(page).getByText('No host has').waitFor();
    await confirm(page, 'Delete');
    await said(page, 'is drafted');
    await applyAll(page);
    await go(page, 'Application packages');
    await row(page, 'notes-2').waitFor();
    assert.equal(await page.getByText('notes-1.vhdx').count(), 0);
    assert.deepEqual(await pending(farm), []);
    // And it comes back, from the same image.
    await api(farm, 'POST', `/sites/${farm.site}/packages`, { imagePath: v1.imagePath });
    await row(page, 'notes-1').waitFor(); // the list follows by itself
  },

  async 'by keyboard alone: choose a package, give it a tag, apply'({ page, farm, v1 }) {
    await page.reload();
    await row(page, 'notes-1').waitFor();
    await page.getByRole('link', { name: 'Skip to content' }).focus();
    await page.keyboard.press('Enter');
    await tabTo(page, row(page, 'notes-1').getByRole('checkbox'));
    await page.keyboard.press('Space');
    await tabTo(page, page.getByRole('toolbar').getByRole('button', { name: 'Change version tag' }), 'Shift+Tab');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await tabTo(page, dialog(page).getByRole('checkbox', { name: 'Pre-production' }));
    await page.keyboard.press('Space');
    await tabTo(page, dialog(page).getByRole('button', { name: 'Save tags' }));
    await page.keyboard.press('Enter');
    await dialog(page).waitFor({ state: 'detached' });
    await row(page, 'notes-1', 'Pre-production').waitFor();
    await page.getByRole('link', { name: 'Skip to content' }).focus();
    await tabTo(page, page.getByRole('banner').getByRole('link', { name: /^Pending/ }));
    await page.keyboard.press('Enter');
    await heading(page, 'Pending changes');
    await tabTo(page, page.getByRole('button', { name: /^Apply/ }));
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await tabTo(page, dialog(page).getByRole('button', { name: 'Apply', exact: true }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nothing is pending' }).waitFor();
    const { tags } = await api(farm, 'GET', `/sites/${farm.site}/packages/${v1.fullName}`);
    assert.equal(tags.length, 1);
  },
};
