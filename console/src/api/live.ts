import type { QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { Op } from './ask';
import { parseProblem } from './problem';
import { Refusal, refusals } from './session';

/** Live says whether the server tells of changes: connecting at first, live, or away. */
export type Live = 'connecting' | 'live' | 'away';

let state: Live = 'connecting';
const listeners = new Set<() => void>();

function become(next: Live): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

export const live = (): Live => state;

export const useLive = (): Live =>
  useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => state,
  );

export interface Heard {
  kind: string;
  id: string;
}

/** readEvents cuts a stream of server-sent events (HTML, section 9.2.6) into events; what is left over comes back. */
export function readEvents(text: string, each: (event: Heard) => void): string {
  const blocks = text.split('\n\n');
  const rest = blocks.pop() ?? '';
  for (const block of blocks) {
    const fields = new Map(
      block
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]),
    );
    const kind = fields.get('event');
    if (kind !== undefined) each({ kind, id: fields.get('id') ?? '' });
  }
  return rest;
}

/** What a host's report can change; everything else is configuration. */
const ofHosts = new Set<Op | string>([
  'listStatus',
  'summarizeStatus',
  'listHosts',
  'getHost',
  'listCertificates',
  'getCertificate',
  'getOverview',
  'getPreflight',
]);

/** What the progress of a task can change; its end changes more, and tells so itself. */
const ofTasks = new Set<Op | string>(['listTasks', 'getTask', 'getOverview']);

const pause = 1_000; // thousands of hosts may report in a second, and the page is asked for anew once

/** gather lets queries be asked again, once for all that was heard within a pause. */
export function gather(queries: Pick<QueryClient, 'invalidateQueries'>): (kind: string) => void {
  const heard = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const narrow = [...heard].every((kind) => kind === 'host' || kind === 'task');
    const touched = (op: string) => (heardHost && ofHosts.has(op)) || (heardTask && ofTasks.has(op));
    const [heardHost, heardTask] = [heard.has('host'), heard.has('task')];
    heard.clear();
    void queries.invalidateQueries(narrow ? { predicate: ({ queryKey }) => touched(String(queryKey[0])) } : undefined, {
      cancelRefetch: false,
    });
  };
  return (kind) => {
    heard.add(kind);
    timer ??= setTimeout(flush, kind === 'host' || kind === 'task' ? pause : 50);
  };
}

async function listen(address: string, token: string, hear: (event: Heard) => void, signal: AbortSignal) {
  const response = await fetch(address, { headers: { Authorization: `Bearer ${token}` }, signal });
  if (response.status === 401) refusals.dispatchEvent(new Refusal(parseProblem(401, await response.text())));
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest = readEvents(rest + value, hear);
  }
}

const longest = 15_000;

/** follow keeps listening until it is told to stop; a server that is away is tried again, less and less often. */
async function follow(address: string, token: string, tell: (kind: string) => void, signal: AbortSignal) {
  let wait = 500;
  while (!signal.aborted) {
    try {
      await listen(
        address,
        token,
        ({ kind }) => {
          become('live');
          wait = 500;
          tell(kind);
        },
        signal,
      );
    } catch {
      // Why it broke shows itself where something is asked for.
    }
    if (signal.aborted) return;
    if (live() === 'live') tell('away'); // what is shown is asked for, so that the page says what is the matter
    become('away');
    await new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
    wait = Math.min(wait * 2, longest);
  }
}

/** useEvents lets everything in view follow what happens in the site. */
export function useEvents(site: string, token: string, queries: QueryClient): void {
  useEffect(() => {
    if (site === '' || token === '') return undefined;
    const end = new AbortController();
    void follow(`/api/v1/sites/${encodeURIComponent(site)}/events`, token, gather(queries), end.signal);
    return () => end.abort();
  }, [site, token, queries]);
}
