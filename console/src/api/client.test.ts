import { afterEach, describe, expect, it, vi } from 'vitest';
import { call, path } from './client';
import { Problem } from './problem';

describe('path', () => {
  it.each([
    [['sites'], {}, '/sites'],
    [['sites', 'a/b ?', 'status'], {}, '/sites/a%2Fb%20%3F/status'],
    [['s'], { host: 'h&1', status: undefined, family: '', limit: 5 }, '/s?host=h%261&limit=5'],
  ])('joins %j with %j', (segments, query, want) => {
    expect(path(segments, query)).toBe(want);
  });
});

/** answers puts a fetch in place that always answers the same, and keeps what it was asked. */
function answers(status: number, body: string | null) {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => new Response(body, { status }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

describe('call', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('sends the token, the face and a body', async () => {
    const fetch = answers(200, '{"a":1}');
    await expect(call('/x', { token: 't', method: 'POST', body: { b: 2 } })).resolves.toEqual({ a: 1 });
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect(url).toBe('/api/v1/x');
    expect(init).toMatchObject({
      method: 'POST',
      body: '{"b":2}',
      headers: { Authorization: 'Bearer t', 'X-Berth-Face': 'console', 'Content-Type': 'application/json' },
    });
  });

  it('takes an answer without a body', async () => {
    answers(204, null);
    await expect(call('/x', { token: 't' })).resolves.toBeUndefined();
  });

  it('throws the problem', async () => {
    answers(403, '{"title":"Forbidden","detail":"no"}');
    await expect(call('/x', { token: 't' })).rejects.toMatchObject({ title: 'Forbidden', more: { status: 403 } });
  });

  it('throws a problem when nobody answers', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('Failed to fetch');
    });
    await expect(call('/x', { token: 't' })).rejects.toBeInstanceOf(Problem);
  });
});
