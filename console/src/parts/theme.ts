import { teamsHighContrastTheme, webDarkTheme, webLightTheme, type Theme } from '@fluentui/react-components';
import { useSyncExternalStore } from 'react';

const dark = matchMedia('(prefers-color-scheme: dark)');
const forced = matchMedia('(forced-colors: active)');

/** What a reader may choose; system is what the system asks for. */
export const choices = ['system', 'light', 'dark', 'contrast'] as const;
export type Choice = (typeof choices)[number];

const key = 'berth.theme';
const listeners = new Set<() => void>();

export function choice(): Choice {
  const kept = localStorage.getItem(key);
  return choices.find((c) => c === kept) ?? 'system';
}

export function choose(next: Choice): void {
  localStorage.setItem(key, next);
  for (const listener of listeners) listener();
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  for (const query of [dark, forced]) query.addEventListener('change', changed);
  return () => {
    listeners.delete(changed);
    for (const query of [dark, forced]) query.removeEventListener('change', changed);
  };
}

function current(): Theme {
  const chosen = choice();
  if (forced.matches || chosen === 'contrast') return teamsHighContrastTheme;
  if (chosen === 'system') return dark.matches ? webDarkTheme : webLightTheme;
  return chosen === 'dark' ? webDarkTheme : webLightTheme;
}

/** useTheme follows the choice and what the system asks for, also while the page is open. */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, current);

export const useChoice = (): Choice => useSyncExternalStore(subscribe, choice);
