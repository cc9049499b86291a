import { rangeAt, rangeEnd, type FlashMap } from '../../model/flash-map.js';
import type { Palette } from './draw.js';
import type { Frame } from './geometry.js';

/**
 * Draws the whole image from top to bottom: each row of pixels shows the kind of most of its bytes.
 */
export function drawStrip(
  context: CanvasRenderingContext2D,
  map: FlashMap,
  { kinds }: Palette,
  { height, end }: Pick<Frame, 'height' | 'end'>,
): void {
  const { width } = context.canvas;
  const perPixel = end / height;
  for (let y = 0; y < height; y += 1) {
    const kind = mostOf(map, y * perPixel, (y + 1) * perPixel);
    if (kind === undefined) break;
    const [red, green, blue] = kinds[kind]!;
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    context.fillRect(0, y, width, 1);
  }
}

function mostOf(map: FlashMap, from: number, to: number): number | undefined {
  const bytes = new Map<number, number>();
  for (let range = rangeAt(map, Math.floor(from)); range >= 0; range += 1) {
    const start = map.starts[range];
    if (start === undefined || start >= to) break;
    const part = Math.min(to, rangeEnd(map, range)) - Math.max(from, start);
    const kind = map.kinds[range]!;
    bytes.set(kind, (bytes.get(kind) ?? 0) + part);
  }
  let most: number | undefined;
  for (const [kind, count] of bytes) {
    if (most === undefined || count > bytes.get(most)!) most = kind;
  }
  return most;
}
