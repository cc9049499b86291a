import { useEffect, useState } from 'preact/hooks';

/*
 * The address of a view: `#/file/bin/busybox?page=3`. Paths are byte strings; a byte that an
 * address cannot hold is written as %XX, so that every name has a link.
 */

export interface Route {
  /** Name of the view. */
  readonly view: string;
  /** Path in the image, a byte string; undefined for views of the whole image. */
  readonly path: string | undefined;
  readonly query: Readonly<Record<string, string>>;
}

/** Parts of the query that are the same in all views. */
const SHARED_KEYS = ['image', 'mmu', 'phys'] as const;

const PLAIN = /[A-Za-z0-9\-._~!$&'()*+,;=:@/]/;

function encodeBytes(path: string): string {
  return Array.from(path, (byte) =>
    PLAIN.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  ).join('');
}

/** Characters above U+00FF, as in a typed link, are decoded as UTF-8. */
function decodeBytes(text: string): string {
  const bytes = text.replace(/[^\0-\xff]/gu, encodeURIComponent);
  return bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

export function parseRoute(hash: string): Route {
  const [, place = '', search = ''] = /^#?\/?([^?]*)(?:\?(.*))?$/s.exec(hash) ?? [];
  const [, view = '', path] = /^([^/]*)(\/.*)?$/s.exec(place) ?? [];
  return {
    view,
    path: path === undefined ? undefined : decodeBytes(path),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

export function formatRoute({ view, path, query }: Route): string {
  const search = new URLSearchParams(query).toString();
  return `#/${view}${encodeBytes(path ?? '')}${search === '' ? '' : `?${search}`}`;
}

/** The route of another view of the same image and kernel. */
export function routeTo(
  { query }: Route,
  view: string,
  path?: string,
  more: Readonly<Record<string, string>> = {},
): Route {
  const shared = SHARED_KEYS.flatMap((key) => {
    const value = query[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return { view, path, query: { ...Object.fromEntries(shared), ...more } };
}

/** The route with parts of its query changed; undefined removes one. */
export function withQuery(
  route: Route,
  changes: Readonly<Record<string, string | undefined>>,
): Route {
  const query = Object.entries({ ...route.query, ...changes }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return { ...route, query: Object.fromEntries(query) };
}

export interface NavigateOptions {
  /** True for a change that the back button is to skip. */
  readonly replace?: boolean | undefined;
}

export type Navigate = (route: Route, options?: NavigateOptions) => void;

/** The route, and a function that goes to another one. */
export function useRoute(): readonly [Route, Navigate] {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = (): void => {
      setRoute(parseRoute(location.hash));
    };
    addEventListener('hashchange', follow);
    addEventListener('popstate', follow);
    return () => {
      removeEventListener('hashchange', follow);
      removeEventListener('popstate', follow);
    };
  }, []);
  return [route, navigate];

  function navigate(next: Route, { replace = false }: NavigateOptions = {}): void {
    const hash = formatRoute(next);
    if (hash === location.hash) return;
    if (replace) history.replaceState(null, '', hash);
    else history.pushState(null, '', hash);
    setRoute(next);
  }
}
