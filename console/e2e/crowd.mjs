// A farm of 100,000 hosts in a real browser: how long until rows are there, how much the server is asked for, how much the
// page holds. CROWD=1000 takes as many hosts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable, launch, newPage } from './browser.mjs';
import { api, Process, program, until } from './farm.mjs';

const hosts = Number(process.env.CROWD ?? 100_000);
const patience = 120_000;
const most = 400_000; // bytes of answers for one page, uncompressed: a page of 50 hosts with ten packages each

/** crowdedFarm is a server over a store with many hosts. */
async function crowdedFarm(dir) {
  const bin = program(dir);
  const file = join(dir, 'admin.json');
  const data = join(dir, 'data');
  const at = (listen) =>
    new Process(bin, ['server', '--data', data, '--listen', listen, '--bootstrap', file], join(dir, 'server.log'));
  const first = at('127.0.0.1:0');
  first.start();
  await until('the farm is begun', () => existsSync(file));
  const admin = JSON.parse(readFileSync(file, 'utf8'));
  await first.stop();
  const began = Date.now();
  execFileSync('go', ['run', './bench/crowd', '-data', data, '-hosts', String(hosts)], { cwd: '..', stdio: 'inherit' });
  console.log(`${hosts} hosts were written in ${Math.round((Date.now() - began) / 1000)} s`);
  const server = at(new URL(admin.url).host);
  server.start();
  const farm = { ...admin, server, ca: readFileSync(admin.caFile) };
  await until('the server answers', () => api(farm, 'GET', '/whoami'));
  return farm;
}

/** Meter counts what a page asks for, and what it holds. */
class Meter {
  constructor(page) {
    this.page = page;
    this.answers = [];
    page.on('response', (answer) => {
      const { pathname } = new URL(answer.url());
      if (!pathname.startsWith('/api/') || pathname.endsWith('/events')) return;
      this.answers.push(
        answer.body().then(
          (body) => body.length,
          () => 0,
        ),
      );
    });
  }
  async read() {
    const sizes = await Promise.all(this.answers);
    const devtools = await this.page.context().newCDPSession(this.page);
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    await devtools.detach();
    return { requests: sizes.length, bytes: sizes.reduce((a, b) => a + b, 0), heap: usedSize };
  }
  clear() {
    this.answers = [];
  }
}

/** shown waits in the page itself until as many rows are there, or the text is. */
const shown = (page, want) =>
  page.evaluate(
    ({ rows, text }) =>
      new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`it never came: ${text ?? `${rows} rows`}`)), 60_000);
        const look = () => {
          const there = text
            ? document.querySelector('main')?.textContent.includes(text)
            : document.querySelectorAll('tbody tr').length >= rows;
          if (there) requestAnimationFrame(() => resolve(performance.now()));
          else setTimeout(look, 5);
        };
        look();
      }),
    want,
  );

const pages = [
  ['overview', '/', { text: 'host-0' }],
  ['hosts', '/hosts', { rows: 50 }],
  ['hosts with a status', '/hosts?status=Not+found', { rows: 50 }],
  ['matrix, 50 hosts by 10 packages', '/matrix', { rows: 50 }],
  ['list of what cannot be found', '/matrix?view=list&status=Not+found', { rows: 50 }],
  ['packages, with counts', '/packages', { rows: 10 }],
  ['hosts of a package', '/packages/Contoso.App00_1.0.0.0_x64__8wekyb3d8bbwe?tab=hosts', { rows: 50 }],
  ['certificates', '/certificates', { rows: 1 }],
  ['group, its members', '/groups/Pool 3?tab=hosts', { rows: 50 }],
];

const kB = (n) => `${Math.round(n / 1000)} kB`;
const report = (what, took, m) =>
  console.log(
    `| ${what} | ${Math.round(took)} ms | ${m.requests} | ${kB(m.bytes)} | ${(m.heap / 1e6).toFixed(1)} MB |`,
  );

async function measure(browser, farm) {
  const complaints = [];
  const page = await newPage(browser, complaints);
  page.setDefaultTimeout(patience);
  await page.addInitScript((token) => sessionStorage.setItem('berth.token', token), farm.token);
  const meter = new Meter(page);
  await page.goto(farm.url);
  await shown(page, pages[0][2]); // warm
  console.log(
    `| ${hosts.toLocaleString('en')} hosts | there after | requests | answers | heap |\n|---|---|---|---|---|`,
  );
  for (const [what, path, want] of pages) {
    meter.clear();
    await page.goto(farm.url + path, { waitUntil: 'commit' });
    const took = await shown(page, want);
    await page.waitForTimeout(1_500); // what is asked for behind the rows
    const read = await meter.read();
    report(what, took, read);
    assert.ok(read.bytes <= most, `${what}: ${read.bytes} bytes were asked for, more than ${most}`);
  }
  await interactions(page, farm, meter);
  assert.deepEqual(complaints, []);
}

/** timed measures in the page from an action until something is there. */
async function timed(page, act, want) {
  await act();
  const began = await page.evaluate(() => performance.now());
  return (await shown(page, want)) - began;
}

async function interactions(page, farm, meter) {
  await page.goto(`${farm.url}/hosts`);
  await shown(page, { rows: 50 });
  const slowest = await page.evaluate(
    () =>
      new Promise((resolve) => {
        let [last, worst, n] = [performance.now(), 0, 0];
        const step = (now) => {
          worst = Math.max(worst, now - last);
          last = now;
          window.scrollBy(0, 60);
          if (++n < 60) requestAnimationFrame(step);
          else resolve(worst);
        };
        requestAnimationFrame(step);
      }),
  );
  console.log(`| scrolling through a page of hosts, the slowest frame | ${Math.round(slowest)} ms | | | |`);
  const last = `host-${String(hosts - 1).padStart(6, '0')}`;
  meter.clear();
  const found = await timed(page, () => page.getByLabel('Name', { exact: true }).fill(last), { text: last });
  report('a name typed into the filter', found, await meter.read());
  await page.goto(`${farm.url}/hosts`);
  await shown(page, { rows: 50 });
  meter.clear();
  const next = await timed(
    page,
    () =>
      page
        .getByRole('button', { name: /Next/ })
        .or(page.getByRole('link', { name: /Next/ }))
        .first()
        .click(),
    {
      text: 'host-000050',
    },
  );
  report('the next page', next, await meter.read());
  await page.goto(`${farm.url}/hosts`);
  await shown(page, { rows: 50 });
  await page.getByText('Live', { exact: true }).waitFor();
  meter.clear();
  const seen = await timed(
    page,
    () => api(farm, 'PUT', `/sites/${farm.site}/hosts/host-000001/pool`, { pool: 'Pool 9' }),
    { text: 'host-000001RD Session HostPool 9' },
  );
  report('a change by somebody else, until it is seen', seen, await meter.read());
}

async function main() {
  if (!executable) {
    console.log('skipped: Chromium is not installed (Debian: chromium)');
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'berth-crowd-'));
  let farm;
  const browser = await launch();
  try {
    farm = await crowdedFarm(dir);
    await measure(browser, farm);
  } finally {
    await browser.close();
    await farm?.server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
