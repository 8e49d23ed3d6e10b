import { replaceEqualDeep } from '@tanstack/react-query';
import { parseProblem, unreachable } from './problem';
import { routes, type Operations } from './schema';

/** Op is an operation of the native API; its id is its name in the OpenAPI document. */
export type Op = keyof Operations;
export type Answer<O extends Op> = Operations[O]['answer'];

type Nothing = Record<never, never>;
type Path<O extends Op> = Operations[O] extends { path: infer P } ? Omit<P, 'site'> : Nothing;
type Query<O extends Op> = Operations[O] extends { query: infer Q } ? Q : Nothing;
type Need<K extends string, T> = Nothing extends T ? Partial<Record<K, T>> : Record<K, T>;

/** Asked is what an operation is asked with; the site in view is put in by those who ask. */
export type Asked<O extends Op> = Need<'path', Path<O>> &
  Need<'query', Query<O>> &
  (Operations[O] extends { body: infer B } ? { body: B } : { body?: undefined }) & { ifMatch?: string };

/** Loose is any Asked, for code that works with all operations. */
export interface Loose {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  ifMatch?: string;
}

/** address is the path of an operation below /api/v1, each part escaped; what is undefined or empty is left out. */
export function address(op: Op, asked: Loose, site: string): string {
  const names: Record<string, string> = { site, ...asked.path };
  const path = routes[op][1].replace('/api/v1', '').replace(/\{(\w+)\}/g, (_, name: string) => {
    return encodeURIComponent(names[name] ?? '');
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== '' && one !== false) query.append(name, String(one));
    }
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

const etags = new WeakMap<object, string>();

/** etagOf is the revision with which an answer came, to be sent back as If-Match. */
export const etagOf = (answer: unknown): string | undefined =>
  typeof answer === 'object' && answer !== null ? etags.get(answer) : undefined;

/** share keeps what is equal to the answer of before, so that nothing is drawn anew, and the newer revision. */
export function share(before: unknown, now: unknown): unknown {
  const kept = replaceEqualDeep(before, now) as unknown;
  const etag = etagOf(now);
  if (etag !== undefined && typeof kept === 'object' && kept !== null) etags.set(kept, etag);
  return kept;
}

export interface How {
  token: string;
  site: string;
  signal?: AbortSignal;
  /** Only try a change: the answer is a Preview of what it would do, and nothing is changed. */
  rehearse?: boolean;
}

/** headers are those of a request; without a token it is one that needs no sign-in. */
function headers(token: string, asked: Loose): Record<string, string> {
  const out: Record<string, string> = { 'X-Berth-Face': 'console' };
  if (token !== '') out.Authorization = `Bearer ${token}`;
  if (asked.body !== undefined) out['Content-Type'] = 'application/json';
  if (asked.ifMatch !== undefined) out['If-Match'] = asked.ifMatch;
  return out;
}

/** ask calls an operation; what is no success is thrown as a Problem. */
export async function ask<O extends Op>(
  op: O,
  asked: Asked<O>,
  { token, site, signal, rehearse }: How,
): Promise<Answer<O>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${address(op, asked as Loose, site)}`, {
      method: routes[op][0],
      headers: { ...headers(token, asked as Loose), ...(rehearse === true ? { 'X-Berth-Dry-Run': 'true' } : {}) },
      body: asked.body === undefined ? undefined : JSON.stringify(asked.body),
      signal,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable(error);
  }
  if (!response.ok) throw parseProblem(response.status, text);
  const answer: unknown = text === '' ? undefined : JSON.parse(text);
  const etag = response.headers.get('ETag');
  if (etag !== null && typeof answer === 'object' && answer !== null) etags.set(answer, etag);
  return answer as Answer<O>;
}
