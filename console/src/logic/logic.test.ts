import { describe, expect, it } from 'vitest';
import { changeName, differences, words } from './change';
import { chooseSite, packageSearch, siteSearch, statusSearch } from './search';
import { filterRows, isStatus, mood, retries, statuses, total } from './status';
import { tagNames } from './tags';

describe('filters in the address', () => {
  it.each([
    [{}, {}],
    [
      { host: 'h1', status: 'Ready' },
      { host: 'h1', status: 'Ready' },
    ],
    [{ host: 7 }, { host: '7' }], // the router reads numbers
    [{ host: '', status: '' }, {}],
    [{ host: ['a'], status: { a: 1 } }, {}],
    [{ status: 'ready' }, {}],
    [{ status: 'On fire', other: 'x' }, {}],
  ])('status: %j is %j', (search, want) => expect(statusSearch(search)).toEqual(want));

  it('package and site', () => {
    expect(packageSearch({ package: 'A_1.0.0.0_x64__b' })).toEqual({ package: 'A_1.0.0.0_x64__b' });
    expect(packageSearch({ package: null })).toEqual({});
    expect(siteSearch({ site: 'main', host: 'x' })).toEqual({ site: 'main' });
    expect(siteSearch({})).toEqual({});
  });

  it('chooses a site that is there', () => {
    const sites = [{ name: 'Main' }, { name: 'branch' }];
    expect(chooseSite(undefined, sites)).toBe('Main');
    expect(chooseSite('BRANCH', sites)).toBe('branch');
    expect(chooseSite('gone', sites)).toBe('Main');
    expect(chooseSite('main', [])).toBeUndefined();
  });
});

describe('status', () => {
  it('has the eight, each with a mood', () => {
    expect(statuses).toHaveLength(8);
    expect(statuses.filter((name) => mood(name) === 'bad')).toEqual([
      'No version found',
      'Certificate missing',
      'Not found',
      'Staging failed',
    ]);
    expect(mood('Ready')).toBe('good');
  });

  it('does not take one that it does not know for good', () => {
    expect(mood('Brand new')).toBe('waiting');
    expect(isStatus('toString')).toBe(false);
    expect(isStatus(undefined)).toBe(false);
  });

  it('retries what asking again can help', () => {
    expect(statuses.filter(retries)).toEqual(['Certificate missing', 'Not found', 'Staging failed']);
  });

  const rows = [
    { host: 'A', status: { name: 'Ready' } },
    { host: 'a', status: { name: 'Not found' } },
    { host: 'b', status: { name: 'Ready' } },
    { host: 'b', status: { name: 'Brand new' } },
  ];

  it('counts rows in the fixed order', () => {
    expect(total(rows)).toEqual([
      { name: 'Not found', count: 1 },
      { name: 'Ready', count: 2 },
      { name: 'Brand new', count: 1 },
    ]);
    expect(total([])).toEqual([]);
  });

  it.each([
    [{}, [0, 1, 2, 3]],
    [{ host: 'A' }, [0, 1]],
    [{ status: 'Ready' }, [0, 2]],
    [{ host: 'B', status: 'Ready' }, [2]],
    [{ host: 'gone' }, []],
  ])('filters rows by %j', (search, want) => expect(filterRows(rows, search)).toEqual(want.map((i) => rows[i])));
});

describe('changes', () => {
  it('are named as the API names them', () => {
    expect(changeName({ kind: 'package', key: 'a_1' })).toBe('package/a_1');
  });

  it('show what differs, in words', () => {
    const before = { enabled: true, tags: ['production'], name: 'same', assignments: [] };
    const after = {
      enabled: false,
      name: 'same',
      pool: 'floor 2',
      assignments: [
        { family: 'F', tag: 'production', registration: 'atLogon' },
        { family: 'G', version: 'G_1', registration: 'onDemand' },
      ],
    };
    expect(differences(before, after)).toEqual([
      { field: 'enabled', before: 'yes', after: 'no' },
      { field: 'tags', before: 'production', after: undefined },
      { field: 'assignments', before: 'none', after: 'F by tag production, G by version G_1, on demand' },
      { field: 'pool', before: undefined, after: 'floor 2' },
    ]);
  });

  it('are silent about what looks the same, and about no documents', () => {
    expect(differences({ tags: null }, {})).toEqual([]);
    expect(differences(undefined, undefined)).toEqual([]);
    expect(differences([1], 'x')).toEqual([]);
  });

  it('name fields in words', () => {
    expect(['displayName', 'provisionCertificates', 'tags', 'ID'].map(words)).toEqual([
      'display name',
      'provision certificates',
      'tags',
      'ID',
    ]);
  });

  it('name tags that were renamed, and write other objects as they are', () => {
    expect(
      differences({ tags: [{ id: 'custom', name: 'Custom' }] }, { tags: [{ id: 'custom', name: 'Pilot' }] }),
    ).toEqual([{ field: 'tags', before: 'Custom', after: 'Pilot' }]);
    expect(differences({}, { x: { a: 1 } })[0]?.after).toBe('{"a":1}');
  });
});

it('tags have their present names', () => {
  const tags = [{ id: 'custom', name: 'Pilot' }];
  expect(tagNames(['custom', 'production'], tags)).toEqual(['Pilot', 'production']);
  expect(tagNames(undefined, tags)).toEqual([]);
  expect(tagNames(['custom'], undefined)).toEqual(['custom']);
});
