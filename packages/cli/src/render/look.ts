import type { CliIo } from '../shell/io.js';

/** How results may look where they go. */
export interface Look {
  /** Terminal cells that a line may take; infinite without a terminal. */
  readonly width: number;
  readonly color: boolean;
}

/** The look of output that is not on a terminal: nothing is cut, wrapped or coloured. */
export const PLAIN: Look = { width: Infinity, color: false };

/** The values of `wideOption` and `colorOption`. */
export interface LookArguments {
  readonly wide?: boolean;
  readonly color?: ColorWhen | undefined;
}

export const COLOR_WHEN = ['auto', 'always', 'never'] as const;
export type ColorWhen = (typeof COLOR_WHEN)[number];

/** What standard output can show and the user wants. */
export function lookOf(io: CliIo, { wide = false, color = 'auto' }: LookArguments): Look {
  return { width: wide ? Infinity : terminalWidth(io), color: hasColor(io, color) };
}

const DEFAULT_WIDTH = 80;

/** A terminal may not know its width, as under script(1) without a terminal. */
function terminalWidth({ stdout, env }: CliIo): number {
  if (stdout.isTTY !== true) return Infinity;
  const asked = Number(env['COLUMNS']);
  if (Number.isInteger(asked) && asked > 0) return asked;
  return stdout.columns === undefined || stdout.columns === 0 ? DEFAULT_WIDTH : stdout.columns;
}

/**
 * As in Node.js: FORCE_COLOR overrides NO_COLOR (https://no-color.org), and both override the terminal's
 * abilities; an option overrides all of them.
 */
function hasColor({ stdout, env }: CliIo, when: ColorWhen): boolean {
  if (when !== 'auto') return when === 'always';
  const { FORCE_COLOR: force = '', NO_COLOR: no = '', TERM: term } = env;
  if (force !== '') return force !== '0' && force !== 'false';
  return no === '' && stdout.isTTY === true && term !== 'dumb';
}

/** Good, doubtful and bad news. */
export type Color = 'green' | 'yellow' | 'red';

/** "Select graphic rendition" of ECMA-48. */
const CODES: Readonly<Record<Color, number>> = { red: 31, green: 32, yellow: 33 };
const DEFAULT_COLOR = 39;

/** Text in a colour, if there are colours. */
export function paint({ color: hasColors }: Look, color: Color | undefined, text: string): string {
  if (!hasColors || color === undefined || text === '') return text;
  return `\u001b[${CODES[color]}m${text}\u001b[${DEFAULT_COLOR}m`;
}
