// Makes the picture at the head of README.md, docs/console.png, of real parts.
import { cpSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable, launch, newPage } from './browser.mjs';
import { api, host, startFarm, until } from './farm.mjs';
import { share, startFiles } from './files.mjs';
import { heading } from './tools.mjs';

const file = join('..', 'docs', 'console.png');
const largest = 300_000; // bytes

/** lively makes a farm with something to see: a version in use, one that is let go, one whose image is away, a draft. */
async function lively(farm, folder) {
  const of = `/sites/${farm.site}`;
  const path = (name) => `${share}\\${name}`;
  for (const name of ['notes-1.vhdx', 'notes-2.vhd', 'suite.vhdx']) cpSync(join(farm.images, name), join(folder, name));
  // What the demo left lies in a folder of this machine; administrators have shares.
  const { items } = await api(farm, 'GET', `${of}/packages`);
  const family = items[0].familyName;
  await api(farm, 'DELETE', `${of}/hosts/${host}/assignments/${family}`);
  await api(farm, 'POST', `${of}/changes/apply`, {});
  await until('the host is empty', async () => (await api(farm, 'GET', `${of}/status`)).items.length === 0);
  for (const p of items) await api(farm, 'DELETE', `${of}/packages/${p.fullName}`);
  await api(farm, 'POST', `${of}/changes/apply`, {});
  const v1 = await api(farm, 'POST', `${of}/packages`, { imagePath: path('notes-1.vhdx') });
  await api(farm, 'POST', `${of}/packages`, { imagePath: path('notes-2.vhd'), tags: ['production'] });
  const found = await api(farm, 'POST', `${of}/images/inspect`, { path: path('suite.vhdx') });
  for (const p of found.packages)
    await api(farm, 'POST', `${of}/packages`, {
      imagePath: path('suite.vhdx'),
      fullName: p.fullName,
      tags: ['production'],
    });
  for (const name of [family, ...found.packages.map((p) => p.familyName)])
    await api(farm, 'POST', `${of}/hosts/${host}/assignments`, { family: name, tag: 'production' });
  await api(farm, 'POST', `${of}/changes/apply`, {});
  farm.session('open', 'picture', '--user', 'alice', '--home', join(farm.dir, 'home', 'alice'));
  await until('everything stands', async () => {
    const { byStatus } = await api(farm, 'GET', `${of}/status/summary`);
    return (byStatus['In use'] ?? 0) >= 3;
  });
  renameSync(join(folder, 'notes-1.vhdx'), join(folder, 'notes-1.away'));
  await api(farm, 'POST', `${of}/packages/${v1.fullName}/tags`, { tag: 'production', move: true });
  await api(farm, 'POST', `${of}/changes/apply`, {});
  await until(
    'the image is missed',
    async () => ((await api(farm, 'GET', `${of}/status/summary`)).byStatus['Not found'] ?? 0) >= 1,
  );
  await api(farm, 'PATCH', `${of}/settings`, { provisionCertificates: false });
}

async function main() {
  if (!executable) {
    console.log('skipped: Chromium is not installed (Debian: chromium)');
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'berth-files-'));
  const files = await startFiles(dir);
  if (!files) {
    console.log('skipped: the file server is not installed (Debian: samba)');
    return;
  }
  const farm = await startFarm({ roots: [share], logins: files.logins });
  const browser = await launch();
  try {
    await lively(farm, files.folder);
    const page = await newPage(browser, []);
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.goto(`${farm.url}/matrix?view=list#token=${farm.token}`);
    await heading(page, 'Packages on hosts');
    await page.getByRole('row').filter({ hasText: 'Not found' }).first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: file });
    const { size } = statSync(file);
    if (size > largest) throw new Error(`${file} has ${size} bytes, more than ${largest}`);
    console.log(`${file}: ${size} bytes`);
  } finally {
    await browser.close();
    await farm.stop();
    files.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
