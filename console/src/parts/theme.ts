import { teamsHighContrastTheme, webDarkTheme, webLightTheme, type Theme } from '@fluentui/react-components';
import { useSyncExternalStore } from 'react';

const dark = matchMedia('(prefers-color-scheme: dark)');
const forced = matchMedia('(forced-colors: active)');

function subscribe(changed: () => void): () => void {
  for (const query of [dark, forced]) query.addEventListener('change', changed);
  return () => {
    for (const query of [dark, forced]) query.removeEventListener('change', changed);
  };
}

function current(): Theme {
  if (forced.matches) return teamsHighContrastTheme;
  return dark.matches ? webDarkTheme : webLightTheme;
}

/** useSystemTheme follows what the system asks for, also while the page is open. */
export const useSystemTheme = (): Theme => useSyncExternalStore(subscribe, current);
