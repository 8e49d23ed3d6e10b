import { useEffect, useState } from 'react';

const isElement = (e: unknown): e is HTMLElement => e instanceof HTMLElement && e !== document.body;

const dialogs = '[role=dialog], [role=alertdialog]';

/**
 * show undoes what tabster does too late: it hides the page from screen readers a moment after a dialog opened, also when
 * that has closed meanwhile, as it has for whoever types fast.
 */
function show(): void {
  if (document.querySelector(dialogs) === null) document.getElementById('root')?.removeAttribute('aria-hidden');
}

/** giveBack puts the focus where it was, or on the heading of the page when that is gone. */
function giveBack(to: Element | null): void {
  const closing = [...document.querySelectorAll(dialogs)];
  // After whatever closes has closed, and what is below it was drawn anew.
  setTimeout(() => {
    if (isElement(document.activeElement) && document.activeElement.isConnected) {
      const within = document.activeElement.closest(dialogs);
      // Who is fast has opened the next dialog already: without the focus that would be hidden from screen readers.
      if (within === null || !closing.includes(within)) return;
    }
    const target = isElement(to) && to.isConnected ? to : document.querySelector<HTMLElement>('h1');
    target?.focus();
  }, 50);
  for (const wait of [100, 400, 1_000]) setTimeout(show, wait);
}

/**
 * useReturnFocus brings the focus back to where it was when a dialog or side panel closes. Where it is lost, screen readers
 * lose the page: Fluent UI hides what is behind a dialog until the focus is there again.
 */
export function useReturnFocus(open: boolean): void {
  const [state, setState] = useState({ open, opener: open ? document.activeElement : null });
  if (state.open !== open) setState({ open, opener: open ? document.activeElement : state.opener });
  const { opener } = state;
  useEffect(() => {
    if (!open) return undefined;
    return () => giveBack(opener);
  }, [open, opener]);
}
