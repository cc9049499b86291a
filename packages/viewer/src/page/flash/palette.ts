import { FLASH_KINDS } from '../../model/flash-map.js';
import { rgbOf, themeColours } from '../shared/colours.js';
import type { Palette } from './draw.js';

const OTHERS = ['--paper', '--ink', '--ink-3', '--bad', '--warn'] as const;

/** The colours of the theme as it is now. */
export function readPalette(element: HTMLElement): Palette {
  const kinds = themeColours(
    element,
    FLASH_KINDS.map((kind) => `--k-${kind}` as const),
  );
  const others = themeColours(element, OTHERS);
  return {
    kinds: FLASH_KINDS.map((kind) => rgbOf(kinds[`--k-${kind}`])),
    paper: rgbOf(others['--paper']),
    ink: others['--ink'],
    dim: others['--ink-3'],
    bad: others['--bad'],
    warn: others['--warn'],
    font: `11px ${getComputedStyle(element).getPropertyValue('--mono')}`,
  };
}
