// Chromium, what is looked at on every page, and what no page may do.
import axe from 'axe-core';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const pictures = join('..', 'dist', 'console-e2e'); // outside of this folder, so that it makes no build stale
const programs = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const executable = programs.find((path) => path && existsSync(path));

/** launch starts Chromium; with clear the pictures of before go. */
export async function launch({ clear = false } = {}) {
  if (clear) rmSync(pictures, { recursive: true, force: true });
  mkdirSync(pictures, { recursive: true });
  return chromium.launch({ executablePath: executable, args: ['--no-sandbox'] });
}

/** newPage opens a page in a profile of its own. What it complains about is kept in complaints. */
export async function newPage(browser, complaints) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, // the demo's authority is its own
    viewport: { width: 1280, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.BERTH_E2E_PATIENCE ?? 30_000));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.includes('//')) complaints.push(`asked for ${request.url()}`);
  });
  page.on('console', (message) => {
    // The browser itself notes every answer that is no success; those are judged where they are made.
    const ofNetwork = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !ofNetwork) complaints.push(message.text());
  });
  return page;
}

// Colours are judged by axe in both themes, arrangement in both widths; pictures are taken of all four.
const looks = [
  { colorScheme: 'light', width: 1280, judged: true },
  { colorScheme: 'dark', width: 400, judged: true },
  { colorScheme: 'dark', width: 1280 },
  { colorScheme: 'light', width: 400 },
];

/** What is wrong with how pages look, all of it: one run tells everything. */
export const findings = [];

/** The commands that pages have shown, for a terminal that does the same. */
export const commands = new Set();

/** look takes pictures in both themes and widths, and has axe judge; once: as it stands only; twice: light and wide, dark and narrow. */
export async function look(page, name, { once = false, twice = false } = {}) {
  const all = once || process.env.BERTH_E2E === 'quick' ? 1 : twice ? 2 : looks.length;
  for (const line of await page.locator('code').allTextContents()) commands.add(line);
  for (const { colorScheme, width, judged } of looks.slice(0, all)) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 800 });
    await page.mouse.move(0, 0);
    await page.waitForTimeout(150); // what moves has moved: motion is reduced
    await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    const where = `${name} at ${width} pixels, ${colorScheme}`;
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) findings.push(`${where}: the page is ${wide} pixels wider than the window`);
    if (judged) await judge(page, where);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function judge(page, where) {
  await page.evaluate(axe.source);
  // Tabster's hidden stops for the Tab key are a known false alarm (microsoft/tabster issue 288).
  const { violations } = await page.evaluate(() => globalThis.axe.run({ exclude: ['[data-tabster-dummy]'] }));
  if (violations.length === 0) return;
  const lines = violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${v.help}\n    ${n.html}\n    ${n.failureSummary}`),
  );
  findings.push(`${where}: axe found\n  ${lines.join('\n  ')}`);
}
