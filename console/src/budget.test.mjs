import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

// What the built console may weigh, compressed as the server sends it: see e2e/bench.mjs for what that means in time.
const ofFirstRoute = 250_000;
const inAll = 330_000;

const dist = join(import.meta.dirname, '..', 'dist');
const built = existsSync(join(dist, 'index.html'));
const read = (name) => readFileSync(join(dist, 'assets', name), 'utf8');
const weight = (names) => [...names].reduce((sum, name) => sum + gzipSync(read(name)).length, 0);

/** first are the scripts that a browser needs before it shows anything: those of the page, and what they import. */
function first() {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  const names = new Set([...html.matchAll(/assets\/([\w.-]+\.js)/g)].map((m) => m[1]));
  for (const name of names) {
    for (const [, other] of read(name).matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) names.add(other);
  }
  return names;
}

test.skipIf(!built)('the first route stays in its budget', () => {
  const names = first();
  expect(names.size).toBeGreaterThan(1);
  expect(weight(names)).toBeGreaterThan(100_000);
  expect(weight(names)).toBeLessThanOrEqual(ofFirstRoute);
});

test.skipIf(!built)('all scripts together stay in theirs', () => {
  const names = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'));
  expect(weight(names)).toBeLessThanOrEqual(inAll);
});
