import { describe, expect, it } from 'vitest';
import { ago, bytes, count, day, duration, expiry, hostKind, isTime, minutes, utc } from './format';

const now = Date.parse('2026-06-15T12:00:00Z');

describe('ago', () => {
  it.each([
    ['2026-06-15T11:59:58Z', 'just now'],
    ['2026-06-15T12:00:03Z', 'just now'], // the clocks differ a little
    ['2026-06-15T11:59:30Z', '30 seconds ago'],
    ['2026-06-15T11:59:00.4Z', '1 minute ago'],
    ['2026-06-15T11:00:01Z', '1 hour ago'],
    ['2026-06-15T09:00:00Z', '3 hours ago'],
    ['2026-06-13T12:00:00Z', '2 days ago'],
    ['2026-03-15T12:00:00Z', '3 months ago'],
    ['2020-06-15T12:00:00Z', '6 years ago'],
    ['2026-06-15T14:00:00Z', 'in 2 hours'],
  ])('%s is %s', (at, want) => expect(ago(at, now)).toBe(want));
});

it.each([
  [0, '0 ms'],
  [0.42, '0.4 ms'],
  [38.6, '39 ms'],
  [2540, '2.5 s'],
  [83_000, '1 min 23 s'],
])('%d milliseconds are %s', (ms, want) => expect(duration(ms)).toBe(want));

it.each([
  [15, '15 minutes'],
  [60, '1 hour'],
  [90, '90 minutes'],
  [2880, '2 days'],
])('%d minutes are %s', (n, want) => expect(minutes(n)).toBe(want));

it('knows what is a time', () => {
  expect(isTime('2026-06-15T12:00:00.123456789Z')).toBe(true);
  expect(isTime('0001-01-01T00:00:00Z')).toBe(false);
  expect(isTime('soon')).toBe(false);
  expect(isTime(undefined)).toBe(false);
});

it('writes exact times', () => {
  expect(utc('2026-06-15T14:30:15.9+02:00')).toBe('2026-06-15 12:30:15 UTC');
  expect(day('2026-06-15T23:30:00-02:00')).toBe('2026-06-16');
});

it.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1536, '1.5 KB'],
  [20 * 1024 ** 2, '20 MB'],
  [3 * 1024 ** 4, '3.0 TB'],
  [5000 * 1024 ** 4, '5000 TB'],
])('%d bytes are %s', (n, want) => expect(bytes(n)).toBe(want));

it('counts', () => {
  expect([count(0, 'change'), count(1, 'change'), count(2, 'change'), count(2, 'entry', 'entries')]).toEqual([
    '0 changes',
    '1 change',
    '2 changes',
    '2 entries',
  ]);
});

it('names kinds of host, also those it does not know', () => {
  expect([hostKind('rdsh'), hostKind('new')]).toEqual(['RD Session Host', 'new']);
});

it.each([
  ['2026-06-15T12:00:00Z', 'expired'],
  ['2026-07-01T00:00:00Z', 'soon'],
  ['2026-07-16T00:00:00Z', 'fine'],
])('a certificate until %s is %s', (notAfter, want) => expect(expiry(notAfter, now)).toBe(want));
