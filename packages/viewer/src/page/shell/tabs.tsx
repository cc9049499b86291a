import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { formatRoute, routeTo, type Route } from '../router.js';
import { STRINGS } from '../strings/index.js';
import { VIEWS } from '../views.js';

/** The views, as links, so that each can be opened in a browser tab of its own. */
export function Tabs({
  route,
  current,
}: {
  readonly route: Route;
  readonly current: string | undefined;
}): JSX.Element {
  const bar = useRef<HTMLElement>(null);
  // On a narrow page the bar scrolls: show the whole name of the current view.
  useLayoutEffect(() => {
    const tab = bar.current?.querySelector('[aria-current]');
    tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <nav class="tabs" aria-label={STRINGS.shell.views} ref={bar}>
      {VIEWS.map(({ name, label }) => (
        <a
          key={name}
          href={formatRoute(routeTo(route, name))}
          aria-current={name === current ? 'page' : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
