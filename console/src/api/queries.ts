import { MutationCache, QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { chooseSite } from '../logic/search';
import { call, path } from './client';
import { Problem } from './problem';
import { Refusal, refusals, useSession } from './session';
import type * as T from './types';

const often = 2_000; // what hosts do is watched while it happens
const seldom = 10_000; // the rest, in case another administrator is at work

/** leave ends the session once the server does not accept its token any more. */
function leave(error: Error) {
  if (error instanceof Problem && error.unauthenticated) refusals.dispatchEvent(new Refusal(error));
}

/** newQueryClient asks again when the server was away, and reports when it no longer accepts the token. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leave }),
    mutationCache: new MutationCache({ onError: leave }),
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < 2 && error instanceof Problem && error.passing,
        networkMode: 'always', // a server on this machine is there without a network
      },
      mutations: { networkMode: 'always' },
    },
  });
}

function useGet<R>(segments: string[], options: { query?: Record<string, string | undefined>; every?: number } = {}) {
  const { token } = useSession();
  const address = path(segments, options.query);
  return useQuery({
    queryKey: [...segments, options.query ?? {}],
    queryFn: ({ signal }) => call<R>(address, { token, signal }),
    refetchInterval: options.every ?? seldom,
    enabled: !segments.includes(''), // the site is not known yet
  });
}

/** useSites lists the sites that the caller may read. */
export const useSites = () => useGet<T.List<T.Site>>(['sites']);

export const useWho = () => useGet<T.Who>(['whoami'], { every: 60_000 });

/** useSite is the name of the site in view. Pages stand below Shell, which waits until there is one. */
export function useSite(): string {
  const { site } = useSearch({ strict: false });
  return chooseSite(site, useSites().data?.items ?? []) ?? '';
}

export const useStatus = () => useGet<T.List<T.HostPackage>>(['sites', useSite(), 'status'], { every: often });

export const useHosts = () => useGet<T.List<T.Host>>(['sites', useSite(), 'hosts'], { every: often });

export const usePackages = () => useGet<T.List<T.Package>>(['sites', useSite(), 'packages']);

export const useSettings = () => useGet<T.Settings>(['sites', useSite(), 'settings']);

export const useChanges = () => useGet<T.List<T.Change>>(['sites', useSite(), 'changes'], { every: often });

export const useAudit = () => useGet<T.List<T.AuditEntry>>(['sites', useSite(), 'audit'], { query: { limit: '200' } });

function usePost<In, Out>(segments: (input: In) => string[], body?: (input: In) => unknown) {
  const { token } = useSession();
  const queries = useQueryClient();
  const site = useSite();
  return useMutation({
    mutationFn: (input: In) =>
      call<Out>(path(['sites', site, ...segments(input)]), { token, method: 'POST', body: body?.(input) }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['sites', site] }),
  });
}

/** useApply applies changes by name. The names are always sent: what was drafted since then was not looked at. */
export const useApply = () =>
  usePost<string[], T.AppliedChanges>(
    () => ['changes', 'apply'],
    (changes) => ({ changes }),
  );

export const useDiscard = () =>
  usePost<string[], T.List<T.Change>>(
    () => ['changes', 'discard'],
    (changes) => ({ changes }),
  );

/** useRetry lets a host try its failed packages again at once. */
export const useRetry = () => usePost<string, undefined>((host) => ['hosts', host, 'retry']);
