// How long until rows are there, in a browser that is four times slower, over 10 Mbit/s with 40 ms of delay: from the
// navigation, with nothing in the browser's cache, to the first row of a full page of the catalogue.
import assert from 'node:assert/strict';
import { executable, launch, newPage } from './browser.mjs';
import { api, startFarm, until } from './farm.mjs';
import { request } from 'node:https';

const rounds = 5;
const goal = 1_500; // ms
const rows = 50;

/** declare puts packages into the catalogue as Azure's clients do: they need no image. */
function declare(farm, i) {
  const version = `1.0.${i}.0`;
  const name = `Contoso.Declared${String(i).padStart(3, '0')}_${version}_x64__p5brevr7wvxr6`;
  const id = `/subscriptions/${farm.subscriptionId}/resourceGroups/${farm.resourceGroup}/providers/Microsoft.DesktopVirtualization/hostPools/Bench/msixPackages/${name}`;
  const properties = {
    imagePath: `\\\\files\\msix\\declared-${i}.vhdx`,
    packageName: `Contoso.Declared${String(i).padStart(3, '0')}`,
    packageFamilyName: `Contoso.Declared${String(i).padStart(3, '0')}_p5brevr7wvxr6`,
    packageRelativePath: `\\apps\\${name}`,
    displayName: `Declared application ${i}`,
    version,
    isActive: false,
    isRegularRegistration: false,
    lastUpdated: '2026-11-01T00:00:00Z',
    packageApplications: [],
    packageDependencies: [],
  };
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${farm.token}`, 'Content-Type': 'application/json' };
    const call = request(
      `${farm.url}${id}?api-version=2024-04-03`,
      { method: 'PUT', headers, ca: farm.ca },
      (answer) => {
        let text = '';
        answer.on('data', (part) => (text += part));
        answer.on('end', () =>
          answer.statusCode < 300 ? resolve() : reject(new Error(`${answer.statusCode} ${text}`)),
        );
      },
    );
    call.on('error', reject);
    call.end(JSON.stringify({ properties }));
  });
}

/** once opens the catalogue in a new profile and says how long it took, in ms. */
async function once(browser, farm, slow) {
  const page = await newPage(browser, []);
  await page.addInitScript((token) => sessionStorage.setItem('berth.token', token), farm.token);
  const devtools = await page.context().newCDPSession(page);
  if (slow) {
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await devtools.send('Network.enable');
    const speed = (10 * 1024 * 1024) / 8;
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 40,
      downloadThroughput: speed,
      uploadThroughput: speed,
    });
  }
  await page.goto(`${farm.url}/packages`, { waitUntil: 'commit' });
  const took = await page.evaluate(
    (want) =>
      new Promise((resolve) => {
        const look = () => {
          if (document.querySelectorAll('tbody tr').length >= want)
            requestAnimationFrame(() => resolve(performance.now()));
          else setTimeout(look, 10);
        };
        look();
      }),
    rows,
  );
  await page.context().close();
  return took;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function main() {
  if (!executable) {
    console.log('skipped: Chromium is not installed (Debian: chromium)');
    return;
  }
  const farm = await startFarm();
  const browser = await launch();
  try {
    await api(farm, 'POST', `/sites/${farm.site}/pools`, { name: 'Bench', kind: 'avd', now: true });
    for (let i = 0; i < rows + 10; i++) await declare(farm, i);
    await until('the catalogue is full', async () => {
      const { total } = await api(farm, 'GET', `/sites/${farm.site}/packages?limit=1&total=true`);
      return total > rows;
    });
    await once(browser, farm, false); // the first one warms the server
    for (const [name, slow, most] of [
      ['fast', false, goal],
      ['slow (4x CPU, 10 Mbit/s, 40 ms)', true, goal],
    ]) {
      const times = [];
      for (let i = 0; i < rounds; i++) times.push(await once(browser, farm, slow));
      const ms = Math.round(median(times));
      console.log(
        `console: ${rows} rows of the catalogue, ${name}: ${ms} ms (${times.map(Math.round).join(', ')}), goal ${most} ms`,
      );
      if (process.env.BERTH_BENCH_STRICT) assert.ok(ms <= most, `${name}: ${ms} ms is more than ${most} ms`);
    }
  } finally {
    await browser.close();
    await farm.stop();
  }
}

await main();
