import { withQuery, type Route } from '../router.js';

/*
 * The session as the page's address stores it: `#/lab?steps=...&at=3`. A link reproduces it, and the back
 * button undoes a step.
 */

export interface Script {
  readonly lines: readonly string[];
  /** Lines that are performed: those after them are undone, and can be done again. */
  readonly at: number;
}

/** The separator of lines, which no line of a scenario contains. */
const SEPARATOR = '\n';

export function scriptOf({ query }: Route): Script {
  const lines = (query['steps'] ?? '').split(SEPARATOR).filter((line) => line.trim() !== '');
  const at = Number(query['at'] ?? lines.length);
  return {
    lines,
    at: Number.isInteger(at) ? Math.max(0, Math.min(at, lines.length)) : lines.length,
  };
}

/** The route with another session. */
export function withScript(route: Route, { lines, at }: Script): Route {
  return withQuery(route, {
    steps: lines.length === 0 ? undefined : lines.join(SEPARATOR),
    at: at === lines.length ? undefined : String(at),
  });
}

/** The session with more steps; undone steps are dropped. */
export function withSteps({ lines, at }: Script, more: readonly string[]): Script {
  const all = [...lines.slice(0, at), ...more];
  return { lines: all, at: all.length };
}
