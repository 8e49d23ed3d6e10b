import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { t, tn, translate } from './t';

const root = join(import.meta.dirname, '..');

function sources() {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const ours = names.filter((n) => /\.tsx?$/.test(n) && !/\.test\./.test(n) && !n.endsWith('schema.ts'));
  return ours.toSorted().map((n) => [n, readFileSync(join(root, n), 'utf8')]);
}

/** A string of the source, in either kind of quotes. */
const literal = String.raw`(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")`;

/** texts are the English texts in the calls of t and tn. */
function texts() {
  const found = new Set();
  for (const [, text] of sources()) {
    for (const [, a, b] of text.matchAll(new RegExp(String.raw`\bt\(\s*${literal}`, 'g'))) found.add(a ?? b);
    for (const [, a, b, c, d] of text.matchAll(new RegExp(String.raw`\btn\([^'"]*?${literal},\s*${literal}`, 'g'))) {
      found.add(a ?? b);
      found.add(c ?? d);
    }
  }
  return [...found].map((x) => x.replaceAll('\\\\', '\\').replaceAll("\\'", "'")).toSorted();
}

const file = join(import.meta.dirname, 'strings.json');

describe('strings.json', () => {
  test('lists every text, for translators (npm run strings writes it anew)', () => {
    const want = `${JSON.stringify(texts(), null, 2)}\n`;
    if (process.env.STRINGS === 'write') writeFileSync(file, want);
    expect(readFileSync(file, 'utf8')).toBe(want);
    expect(texts().length).toBeGreaterThan(400);
  });
  test('no call escapes it: each begins with a text that is written out', () => {
    const other = sources().flatMap(([name, text]) =>
      [...text.matchAll(/(?<![.\w])t\(\s*(?!['"])(\w+)/g)].map(([, what]) => `${name}: t(${what}`),
    );
    // The definition of t, and where tn calls it.
    expect(other.filter((line) => !line.startsWith('text/t.ts'))).toEqual([]);
  });
});

test('no words stand in the markup itself', () => {
  const bare = [];
  for (const [name, text] of sources().filter(([n]) => n.endsWith('.tsx'))) {
    for (const [all, words] of text.matchAll(/>\s*([A-Z][a-z]+(?: [\w’,]+){2,}[^<>{}=;]*?)\s*</g)) {
      if (!all.includes('=>')) bare.push(`${name}: ${words}`);
    }
  }
  expect(bare).toEqual([]);
});

afterEach(() => translate({}));

test('texts can be translated, and take values', () => {
  expect(t('by {who}', { who: 'olga' })).toBe('by olga');
  expect(tn(1, '{n} host', '{n} hosts')).toBe('1 host');
  expect(tn(12_345, '{n} host', '{n} hosts')).toBe('12,345 hosts');
  translate({ 'by {who}': 'von {who}', '{n} hosts': '{n} Hosts' });
  expect(t('by {who}', { who: '{n}' })).toBe('von {n}');
  expect(tn(2, '{n} host', '{n} hosts')).toBe('2 Hosts');
});
