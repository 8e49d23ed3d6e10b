import type { FieldChange } from './schema';

/** Meanwhile is a change that somebody made of an object after another had looked at it. */
export interface Meanwhile {
  at: string;
  by: string;
  face: string;
  action: string;
  changes: FieldChange[] | null;
}

/** Problem is an error as the native API tells it (RFC 9457), or as near to it as what came instead allows. */
export class Problem extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly more: {
      status?: number;
      code?: string;
      field?: string;
      remedy?: string;
      requestId?: string;
      /** Of an edit of an older revision: what others changed since. */
      meanwhile?: Meanwhile[];
    } = {},
  ) {
    super(`${title}: ${detail}`);
    this.name = 'Problem';
  }

  get unauthenticated(): boolean {
    return this.more.status === 401;
  }

  /** Whether asking again by itself can help: the server was away, or busy. */
  get passing(): boolean {
    const { status } = this.more;
    return status === undefined || status === 502 || status === 503 || status === 504;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** parseProblem reads the body of an answer that is no success. Proxies in between answer with pages of their own. */
export function parseProblem(status: number, body: string): Problem {
  let fields: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) fields = parsed as Record<string, unknown>;
  } catch {
    // No JSON: what is known is the status.
  }
  return new Problem(text(fields.title) ?? `HTTP status ${status}`, text(fields.detail) ?? 'The answer says no more.', {
    status,
    code: text(fields.code),
    field: text(fields.field),
    remedy: text(fields.remedy) ?? (Object.keys(fields).length === 0 ? foreign : undefined),
    requestId: text(fields.requestId),
    meanwhile: Array.isArray(fields.meanwhile) ? (fields.meanwhile as Meanwhile[]) : undefined,
  });
}

const foreign =
  'The answer does not look like Berth’s own. See whether a proxy stands between this browser and the server.';

/** unreachable is the problem of a request that got no answer. */
export function unreachable(cause: unknown): Problem {
  return new Problem(
    'The server does not answer',
    cause instanceof Error && cause.message ? `The browser says: ${cause.message}` : 'The connection failed.',
    { remedy: 'See whether the server runs and the network is up. This page asks again by itself.' },
  );
}

/** toProblem makes anything thrown fit to be shown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('Something went wrong in this page', error instanceof Error ? error.message : String(error), {
    remedy: 'Load the page again. If it happens again, report it with these words.',
  });
}
