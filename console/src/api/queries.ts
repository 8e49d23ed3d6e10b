import {
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { chooseSite } from '../logic/search';
import { t } from '../text/t';
import { ask, share, type Answer, type Asked, type Op } from './ask';
import type { Intent } from './intent';
import { live } from './live';
import { Problem } from './problem';
import type { Grant, Preview } from './schema';
import { Refusal, refusals, useSession } from './session';

const seldom = 60_000; // events tell of changes; this is for what no event tells
const often = 5_000; // while no events come

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
        structuralSharing: share,
        refetchInterval: () => (live() === 'live' ? seldom : often),
        staleTime: 2_000,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

export interface Options {
  /** Ask again so often, whatever is heard. */
  every?: number | false;
  /** Do not ask. */
  off?: boolean;
  /** Show the answer to the question of before until this one is answered. */
  keep?: boolean;
}

/** useAsk asks the server about the site in view, and again when it hears that something changed. */
export function useAsk<O extends Op>(op: O, asked: Asked<O>, { every, off, keep }: Options = {}) {
  const site = useSite();
  return useAskAt(site, op, asked, { every, off: off === true || site === '', keep });
}

/** useAskFarm asks about what belongs to no site. */
export const useAskFarm = <O extends Op>(op: O, asked: Asked<O>, options: Options = {}) =>
  useAskAt('', op, asked, options);

function useAskAt<O extends Op>(site: string, op: O, asked: Asked<O>, { every, off, keep }: Options) {
  const { token } = useSession();
  return useQuery<Answer<O>>({
    queryKey: [op, site, asked],
    queryFn: ({ signal }) => ask(op, asked, { token, site, signal }),
    enabled: off !== true,
    ...(every === undefined ? {} : { refetchInterval: every }),
    ...(keep === true ? { placeholderData: keepPreviousData } : {}),
  });
}

/** useRehearsal asks what a write would change on hosts, without doing it. */
export function useRehearsal({ op, asked }: Intent) {
  const { token } = useSession();
  const site = useSite();
  return useQuery<Preview>({
    queryKey: ['rehearse', op, site, asked],
    queryFn: async ({ signal }) =>
      (await ask(op, asked as Asked<Op>, { token, site, signal, rehearse: true })) as unknown as Preview,
    enabled: site !== '',
  });
}

/** useSites lists the sites that the caller may read. */
export const useSites = () => useAskFarm('listSites', {});

export const useWho = () => useAskFarm('whoami', {}, { every: 60_000 });

/** useSite is the name of the site in view. Pages stand below Shell, which waits until there is one. */
export function useSite(): string {
  const { site } = useSearch({ strict: false });
  return chooseSite(site, useSites().data?.items ?? []) ?? '';
}

/** useSeveralSites tells whether commands must name the site. */
export const useSeveralSites = () => (useSites().data?.items?.length ?? 0) > 1;

export const useSettings = () => useAsk('getSettings', {});

/** useRun does intents one after the other, and lets everything in view be asked for again. */
export function useRun() {
  const { token } = useSession();
  const site = useSite();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (intents: Intent[]) => {
      const answers: unknown[] = [];
      for (const { op, asked } of intents) {
        answers.push(await ask(op, asked as Asked<Op>, { token, site })); // in their order: the next may need the one before
      }
      return answers;
    },
    // Not waited for: a dialog closes first, and then what is below it changes.
    onSettled: () => void queries.invalidateQueries(),
  });
}

export type Role = Grant['role'];

const ranks: string[] = ['reader', 'contributor', 'owner'];

/** bestRole is the highest role of somebody in a site; without one, in the farm as a whole. */
export function bestRole(roles: Grant[], site = ''): string | undefined {
  const fitting = roles.filter((r) => !r.site || r.site.toLowerCase() === site.toLowerCase()).map((r) => r.role);
  return ranks.findLast((role) => fitting.includes(role));
}

/** useWhyNot says why the caller may not do what takes that role in the site; undefined: may. */
export function useWhyNot(need: 'contributor' | 'owner', farm = false): string | undefined {
  const who = useWho().data;
  const site = useSite();
  if (!who) return t('The server has not yet said what you may do.');
  const role = bestRole(who.roles ?? [], farm ? '' : site);
  if (role !== undefined && ranks.indexOf(role) >= ranks.indexOf(need)) return undefined;
  const have = role ?? t('none');
  return farm
    ? t('This takes the role {need} in every site; yours is {have}.', { need, have })
    : t('This takes the role {need} in site {site}; yours is {have}.', { need, site, have });
}
