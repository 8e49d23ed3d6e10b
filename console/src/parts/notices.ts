import { useSyncExternalStore } from 'react';

// What was done is said once, above the page, and to screen readers.

export interface Notice {
  id: number;
  text: string;
}

let current: Notice | undefined;
let count = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const shownFor = 12_000;

function set(next: Notice | undefined) {
  current = next;
  for (const listener of listeners) listener();
}

/** tell says that something was done. */
export function tell(text: string): void {
  clearTimeout(timer);
  set({ id: ++count, text });
  timer = setTimeout(() => set(undefined), shownFor);
}

export const hush = (): void => set(undefined);

export const useNotice = (): Notice | undefined =>
  useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => current,
  );
