// The console in a real browser, against real parts. Pictures go to ../dist/console-e2e. BERTH_E2E=quick looks at each
// page and dialog once; otherwise in both themes and widths. BERTH_E2E_ONLY is a pattern of the steps to do.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { executable, findings, launch, look, newPage, pictures } from './browser.mjs';
import { covered } from './coverage.mjs';
import { api, host, startFarm } from './farm.mjs';
import { pagesOf } from './pages.mjs';
import { steps as ofDialogs } from './steps/dialogs.mjs';
import { steps as ofFarm } from './steps/farm.mjs';
import { steps as ofPackages } from './steps/packages.mjs';
import { steps as signIn } from './steps/signin.mjs';
import { commandsOfAll as ofCommands, steps as ofSite } from './steps/site.mjs';
import { heading, open } from './tools.mjs';

const pages = {
  async 'every page, by its address'({ page, farm, v2 }) {
    // What earlier steps have made, where they were left out.
    for (const pool of [
      { name: 'Accounting', kind: 'rdsh' },
      { name: 'Cloud', kind: 'avd' },
    ]) {
      await api(farm, 'POST', `/sites/${farm.site}/pools`, pool).catch(() => {});
    }
    const at = {
      pkg: v2.fullName,
      host,
      thumbprint: v2.certificate.thumbprint,
      image: v2.imagePath,
      group: 'Accounting',
      pool: 'Cloud',
    };
    for (const [name, path, title] of pagesOf(at)) {
      await open(page, farm, `${path}${path.includes('?') ? '&' : '?'}site=${farm.site}`);
      if (title) await heading(page, title);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText('Asking the server').first().waitFor({ state: 'detached' });
      assert.equal(await page.getByRole('alert').count(), 0, `${path} tells of a problem`);
      await look(page, `page-${name}`);
    }
  },
};

const all = { ...signIn, ...ofPackages, ...ofFarm, ...ofSite, ...ofDialogs, ...pages, ...ofCommands };

/** things are the packages that steps speak of, asked for when they are needed: some are only added on the way. */
async function things(farm) {
  const { items } = await api(farm, 'GET', `/sites/${farm.site}/packages`);
  const find = (part) => items.find((p) => p.fullName.startsWith(part));
  return { v1: find('Contoso.Notes_1'), v2: find('Contoso.Notes_2'), sketch: find('Fabrikam.Sketch') };
}

async function main() {
  if (!executable) {
    console.log('skipped: Chromium is not installed (Debian: chromium), so the console was not seen in a browser');
    return;
  }
  console.log(`${covered(Object.keys(all))} promises of the guide have their steps`);
  const farm = await startFarm();
  const browser = await launch({ clear: true });
  const complaints = [];
  const began = Date.now();
  try {
    const page = await newPage(browser, complaints);
    const scripts = [];
    page.on('response', (answer) => {
      if (answer.url().endsWith('.js')) scripts.push(Number(answer.headers()['content-length']));
    });
    const failed = [];
    const only = new RegExp(process.env.BERTH_E2E_ONLY ?? '');
    for (const [name, step] of Object.entries(all).filter(([n]) => only.test(n) || n.startsWith('signing in'))) {
      const start = Date.now();
      const took = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
      try {
        await step({ browser, page, farm, complaints, scripts, ...(await things(farm)) });
        console.log(`ok  ${name} (${took()})`);
      } catch (error) {
        // The steps behind it are tried too: most stand on their own, and one run tells more.
        failed.push(name);
        await page.screenshot({ path: join(pictures, `failed-${failed.length}.png`), fullPage: true });
        console.log(`BAD ${name} (${took()}) at ${page.url()}\n${String(error.stack).replaceAll(/^/gm, '    ')}`);
      }
    }
    if (failed.length > 0) console.log(farm.logs());
    if (complaints.length > 0) console.log(`The browser complained:\n${complaints.join('\n')}`);
    if (findings.length > 0) console.log(`Looks that were not good:\n${[...new Set(findings)].join('\n')}`);
    assert.deepEqual([failed, complaints.length, findings.length], [[], 0, 0], 'not everything was good; see above');
  } finally {
    await browser.close();
    await farm.stop();
  }
  console.log(
    `${Object.keys(all).length} steps in ${Math.round((Date.now() - began) / 1000)} s. The pictures are in ${pictures}`,
  );
}

await main();
