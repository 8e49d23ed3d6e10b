// Makes the picture at the head of README.md, docs/console.png, of real parts.
import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { executable, launch, newPage } from './browser.mjs';
import { api, host, startFarm, until } from './farm.mjs';
import { heading } from './tools.mjs';

const file = join('..', 'docs', 'console.png');
const largest = 300_000; // bytes

/** lively makes a farm with something to see: a version in use, one that is let go, one whose image is away, a draft. */
async function lively(farm) {
  const of = `/sites/${farm.site}`;
  const image = join(farm.images, 'suite.vhdx');
  const found = await api(farm, 'POST', `${of}/images/inspect`, { path: image });
  for (const p of found.packages)
    await api(farm, 'POST', `${of}/packages`, { imagePath: image, fullName: p.fullName, tags: ['production'] });
  for (const p of found.packages)
    await api(farm, 'POST', `${of}/hosts/${host}/assignments`, { family: p.familyName, tag: 'production' });
  const { items } = await api(farm, 'GET', `${of}/packages`);
  const v1 = items.find((p) => p.imagePath.endsWith('notes-1.vhdx'));
  farm.session('open', 'picture', '--user', 'alice', '--home', join(farm.dir, 'home', 'alice'));
  await api(farm, 'POST', `${of}/changes/apply`, {});
  await until('everything stands', async () => {
    const { byStatus } = await api(farm, 'GET', `${of}/status/summary`);
    return (byStatus['In use'] ?? 0) >= 3;
  });
  renameSync(v1.imagePath, `${v1.imagePath}.away`);
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
  const farm = await startFarm();
  const browser = await launch();
  try {
    await lively(farm);
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
  }
}

await main();
