import { parseProblem, unreachable } from './problem';

export interface Call {
  token: string;
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
}

/** call asks the native API; what is no success is thrown as a Problem. */
export async function call<T>(address: string, { token, method = 'GET', body, signal }: Call): Promise<T> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}`, 'X-Berth-Face': 'console' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/api/v1${address}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable(error);
  }
  if (!response.ok) throw parseProblem(response.status, text);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** path joins segments, each escaped; parameters that are undefined or empty are left out. */
export function path(segments: string[], query: Record<string, string | number | undefined> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const tail = parameters.size > 0 ? `?${parameters}` : '';
  return `/${segments.map(encodeURIComponent).join('/')}${tail}`;
}
