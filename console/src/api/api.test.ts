import { afterEach, describe, expect, test, vi } from 'vitest';
import { address, ask, etagOf, share } from './ask';
import { commandLine, curlLine, intent, quote } from './intent';
import { gather, readEvents } from './live';
import { Problem } from './problem';
import { bestRole } from './queries';

afterEach(() => vi.unstubAllGlobals());

const tagged = async (etag: string) => {
  vi.stubGlobal('fetch', async () => new Response('{"enabled":true}', { headers: { ETag: etag } }));
  return ask('getSettings', {}, { token: 't', site: 's' });
};

describe('address', () => {
  test('escapes names and leaves out what is not said', () => {
    expect(address('getPackage', { path: { package: 'a/b ?' } }, 'Main site')).toBe(
      '/sites/Main%20site/packages/a%2Fb%20%3F',
    );
    expect(address('listPackages', { query: { search: 'x&y', tag: undefined, total: false, limit: 0 } }, 'm')).toBe(
      '/sites/m/packages?search=x%26y&limit=0',
    );
    expect(address('previewChanges', { query: { changes: ['a', 'b'] } }, 'm')).toBe(
      '/sites/m/changes/preview?changes=a&changes=b',
    );
  });
});

describe('ask', () => {
  test('sends token, revision and body, and keeps the ETag', async () => {
    const fetched = vi.fn(async () => new Response('{"displayName":"N"}', { headers: { ETag: '"7"' } }));
    vi.stubGlobal('fetch', fetched);
    const answer = await ask(
      'editPackage',
      { path: { package: 'p' }, body: { displayName: 'N' }, ifMatch: '"6"' },
      { token: 't', site: 's' },
    );
    expect(fetched.mock.calls[0]).toMatchObject([
      '/api/v1/sites/s/packages/p',
      {
        method: 'PATCH',
        body: '{"displayName":"N"}',
        headers: { Authorization: 'Bearer t', 'If-Match': '"6"', 'X-Berth-Face': 'console' },
      },
    ]);
    expect(etagOf(answer)).toBe('"7"');
  });
  test('an equal answer keeps its identity and takes the newer revision', async () => {
    const [first, second] = [await tagged('"1"'), await tagged('"2"')];
    const kept = share(first, second);
    expect(kept).toBe(first);
    expect(etagOf(kept)).toBe('"2"');
  });
  test('a refusal is a Problem, also from a proxy', async () => {
    vi.stubGlobal('fetch', async () => new Response('<html>bad gateway</html>', { status: 502 }));
    await expect(ask('listSites', {}, { token: 't', site: '' })).rejects.toMatchObject({
      title: 'HTTP status 502',
      passing: true,
    });
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('no route')));
    await expect(ask('listSites', {}, { token: 't', site: '' })).rejects.toBeInstanceOf(Problem);
  });
});

describe('commands', () => {
  test('are quoted for a shell', () => {
    expect(quote("it's")).toBe(`'it'\\''s'`);
    expect(commandLine(['tag', 'add', 'Pre-production', 'a b'], 'x')).toBe(
      "berth tag add Pre-production 'a b' --site x",
    );
    expect(commandLine(['package', 'add', '\\\\files\\a.vhdx'])).toBe("berth package add '\\\\files\\a.vhdx'");
  });
  test('curl has the whole request and no secret', () => {
    const one = intent('createUser', { body: { name: 'o', password: 'hunter2hunter2' } }, 'user', 'add', 'o');
    const line = curlLine(one, 'm', 'https://b');
    expect(line).toContain('-X POST https://b/api/v1/users');
    expect(line).not.toContain('hunter2');
    expect(curlLine(intent('retryHost', { path: { host: 'h' } }), 'm', 'https://b')).toContain(
      '/sites/m/hosts/h/retry',
    );
  });
});

describe('events', () => {
  test('are read as they come, in pieces', () => {
    const seen: string[] = [];
    let rest = readEvents('id: 1\nevent: hello\ndata: {}\n\n: alive\n\nid: 2\neve', (e) =>
      seen.push(`${e.id} ${e.kind}`),
    );
    expect(rest).toBe('id: 2\neve');
    rest = readEvents(`${rest}nt: host\ndata: {}\n\n`, (e) => seen.push(`${e.id} ${e.kind}`));
    expect(seen).toEqual(['1 hello', '2 host']);
    expect(rest).toBe('');
  });
  test('a thousand reports ask once, and only for what hosts change', () => {
    vi.useFakeTimers();
    const invalidateQueries = vi.fn(async (_filters?: { predicate?: (q: never) => boolean }) => undefined);
    const tell = gather({ invalidateQueries } as never);
    for (let i = 0; i < 1000; i++) tell('host');
    vi.advanceTimersByTime(5_000);
    expect(invalidateQueries).toHaveBeenCalledTimes(1);
    const predicate = invalidateQueries.mock.calls[0]?.[0]?.predicate;
    expect(predicate?.({ queryKey: ['listStatus'] } as never)).toBe(true);
    expect(predicate?.({ queryKey: ['listUsers'] } as never)).toBe(false);
    tell('apply');
    vi.advanceTimersByTime(5_000);
    expect(invalidateQueries.mock.calls[1]?.[0]).toBeUndefined();
    vi.useRealTimers();
  });
});

describe('roles', () => {
  test('the best of a site counts, and those of the farm count everywhere', () => {
    const roles = [
      { role: 'reader', site: '' },
      { role: 'contributor', site: 'Main' },
    ];
    expect(bestRole(roles, 'main')).toBe('contributor');
    expect(bestRole(roles, 'other')).toBe('reader');
    expect(bestRole([{ role: 'owner', site: 'a' }])).toBeUndefined();
  });
});
