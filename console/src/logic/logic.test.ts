import { describe, expect, test } from 'vitest';
import { changeName, differences, fieldWords, words } from './change';
import { chooseSite, readSearch } from './search';
import { inOrder, isStatus, mood, retries, statuses, troubles } from './status';
import { levelName, selectorName, tagNames, versionOf, why } from './why';

describe('addresses', () => {
  test('what is no filter is dropped', () => {
    expect(readSearch({ host: 'a', nonsense: 'x', status: '', tab: { deep: 1 } })).toEqual({ host: 'a' });
  });
  test('a host may be called 1', () => {
    expect(readSearch({ host: 1, enabled: true })).toEqual({ host: '1', enabled: 'true' });
  });
  test('the site in the address is chosen in any case, else the first', () => {
    const sites = [{ name: 'main' }, { name: 'Branch' }];
    expect(chooseSite('branch', sites)).toBe('Branch');
    expect(chooseSite('gone', sites)).toBe('main');
    expect(chooseSite(undefined, [])).toBeUndefined();
    expect(chooseSite('x', null)).toBeUndefined();
  });
});

describe('statuses', () => {
  test('are the eight, and each has a mood', () => {
    expect(statuses).toHaveLength(8);
    expect(statuses.map(mood)).toEqual(['bad', 'open', 'bad', 'bad', 'bad', 'waiting', 'busy', 'good']);
    expect(troubles).toEqual(['No version found', 'Certificate missing', 'Not found', 'Staging failed']);
  });
  test('one of another build is shown as one to look at', () => {
    expect(isStatus('Melted')).toBe(false);
    expect(mood('Melted')).toBe('waiting');
  });
  test('trying again is offered where it can help', () => {
    expect(statuses.filter(retries)).toEqual(['Certificate missing', 'Not found', 'Staging failed']);
  });
  test('are counted in their order, unknown ones last', () => {
    expect(inOrder({ Ready: 2, Melted: 1, 'Not found': 3, Disabling: 0 })).toEqual([
      { name: 'Not found', count: 3 },
      { name: 'Ready', count: 2 },
      { name: 'Melted', count: 1 },
    ]);
  });
});

describe('changes', () => {
  test('are named as the command line names them', () => {
    expect(changeName({ kind: 'package', key: 'a_1' })).toBe('package/a_1');
  });
  test('differ in fields', () => {
    expect(differences({ a: 1, tags: ['x'], gone: true }, { a: 1, tags: [], b: 'new' })).toEqual([
      { field: 'tags', before: 'x', after: 'none' },
      { field: 'gone', before: 'yes', after: undefined },
      { field: 'b', before: undefined, after: 'new' },
    ]);
  });
  test('say assignments in words', () => {
    const assignments = [{ family: 'F', tag: 'production', registration: 'onDemand' }];
    expect(differences({}, { assignments })[0]?.after).toBe('F by tag production, on demand');
  });
  test('fields are words', () => {
    expect(words('displayName')).toBe('display name');
    expect(fieldWords([{ field: 'displayName', before: 'A', after: 'B' }])).toBe('display name: A → B');
  });
});

describe('why', () => {
  const tags = [
    { id: 'production', name: 'Live' },
    { id: 'custom', name: 'Custom' },
  ];
  test('tags have their present names, and unknown ones their id', () => {
    expect(tagNames(['production', 'lost'], tags)).toEqual(['Live', 'lost']);
    expect(tagNames(null, tags)).toEqual([]);
  });
  test('a version is read out of a full name', () => {
    expect(versionOf('Contoso.Notes_1.2.3.4_x64__abc')).toBe('1.2.3.4');
    expect(versionOf('nonsense')).toBe('nonsense');
    expect(selectorName({ version: 'A_B_1.0.0.0_x64__p' }, tags)).toBe('exactly 1.0.0.0');
  });
  test('names level, selector, conflict and what is overridden', () => {
    const said = why(
      {
        assignment: { family: 'F', tag: 'production', registration: 'atLogon' },
        level: 'pool',
        owner: 'Sales',
        fullName: 'F_2.0.0.0_x64__p',
        candidates: ['F_2.0.0.0_x64__p', 'F_1.0.0.0_x64__p'],
        conflict: true,
        overrides: ['defaults'],
        generation: 3,
      },
      tags,
    ).join(' ');
    expect(said).toContain('pool Sales, by tag Live');
    expect(said).toContain('2.0.0.0, 1.0.0.0');
    expect(said).toContain('never merge');
  });
  test('levels have names', () => {
    expect(levelName('defaults', 'rdsh')).toBe('site defaults for RD Session Host');
    expect(levelName('host', 'x')).toBe('the host’s own list');
  });
});
