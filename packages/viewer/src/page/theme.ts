import { useEffect, useState } from 'preact/hooks';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'cramfs-view-theme';

/**
 * The colours, and the functions that set them. The choice is stored if the browser lets a page store
 * something.
 */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => storedTheme());
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    dispatchEvent(new Event('themechange'));
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A page from a file may have no storage: the theme then lasts for this visit.
    }
  }, [theme]);
  return [theme, setTheme];
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    return 'auto';
  }
}

/** Calls back when the theme's custom properties may have changed. */
export function onThemeChange(change: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  addEventListener('themechange', change);
  dark.addEventListener('change', change);
  return () => {
    removeEventListener('themechange', change);
    dark.removeEventListener('change', change);
  };
}
