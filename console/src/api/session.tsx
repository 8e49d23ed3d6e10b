import { useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Problem } from './problem';

/** Session is the sign-in of this browser tab: closing the tab ends it, other tabs do not have it. */
export interface Session {
  token: string;
  /** Why the last session ended, where its user did not end it. */
  ended?: Problem;
  signIn(token: string): void;
  signOut(why?: Problem): void;
}

const key = 'berth.token';
const Context = createContext<Session | undefined>(undefined);

/** The query client tells here of a refused token; it is made before there is a session to end. */
export const refusals = new EventTarget();

export class Refusal extends Event {
  constructor(readonly problem: Problem) {
    super('refusal');
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [token, setToken] = useState(() => sessionStorage.getItem(key) ?? '');
  const [ended, setEnded] = useState<Problem>();

  const signIn = useCallback((fresh: string) => {
    sessionStorage.setItem(key, fresh);
    setEnded(undefined);
    setToken(fresh);
  }, []);

  const signOut = useCallback(
    (why?: Problem) => {
      sessionStorage.removeItem(key);
      setEnded(why);
      setToken('');
      queries.clear(); // what this user saw is not for the next one
    },
    [queries],
  );

  useEffect(() => {
    const leave = (event: Event) => signOut((event as Refusal).problem);
    refusals.addEventListener('refusal', leave);
    return () => refusals.removeEventListener('refusal', leave);
  }, [signOut]);

  const session = useMemo(() => ({ token, ended, signIn, signOut }), [token, ended, signIn, signOut]);
  return <Context value={session}>{children}</Context>;
}

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error('useSession stands outside of SessionProvider');
  return session;
}
