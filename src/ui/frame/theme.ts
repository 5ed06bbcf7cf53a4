import { stored } from '../words/stored.ts';

/** What a person has chosen; without a choice the machine's own setting counts. */
export type Theme = 'light' | 'dark';

const theme = stored('localStorage', 'etcd-caretaker.theme');

/** Puts the remembered choice to work, before anything is drawn. */
export function applyStoredTheme(): void {
  const chosen = theme.get();
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
}

/** The theme that is seen. */
function shownTheme(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Takes the other theme, and remembers it. */
export function switchTheme(): void {
  const other = shownTheme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = other;
  theme.set(other);
  window.dispatchEvent(new Event(themeEvent));
}

/** Dispatched on `window`, for what is drawn on a canvas. */
export const themeEvent = 'caretaker-theme';
