import { FLASH_KINDS, rangeAt, rangeEnd, type FlashMap } from '../../model/flash-map.js';
import type { ShownFinding } from '../../model/findings.js';
import { formatHex } from '../shared/format.js';
import type { Rgb } from '../shared/colours.js';
import { ROW_GAP, rowCount, rowHeight, xOf, type Frame, type Viewport } from './geometry.js';

/** The colours of the map, as numbers, because they are mixed. */
export interface Palette {
  /** By kind. */
  readonly kinds: readonly Rgb[];
  readonly paper: Rgb;
  readonly ink: string;
  readonly dim: string;
  readonly bad: string;
  readonly warn: string;
  readonly font: string;
}

export interface Drawing {
  readonly map: FlashMap;
  readonly viewport: Viewport;
  readonly frame: Frame;
  readonly palette: Palette;
  /** By kind: true if the kind is dimmed. */
  readonly dimmed: readonly boolean[];
  readonly findings: readonly ShownFinding[];
  readonly eraseBlock: number | undefined;
  readonly partition: number | undefined;
  /** The byte whose range is outlined. */
  readonly marked: number | undefined;
}

const HATCHED = new Set(
  ['gap', 'outside', 'tail'].map((kind) => FLASH_KINDS.indexOf(kind as 'gap')),
);
/** If a range has fewer pixels than this, colours are mixed. */
const MIN_RANGE_WIDTH = 3;
const DIM = 0.86;

/** Draws all rows that are shown. The context's unit is a CSS pixel. */
export function drawMap(context: CanvasRenderingContext2D, drawing: Drawing): void {
  const { viewport, frame, palette, dimmed } = drawing;
  context.clearRect(0, 0, frame.width, frame.height);
  const colours = palette.kinds.map((colour, kind) =>
    dimmed[kind] === true ? mixed(colour, palette.paper, DIM) : colour,
  );
  const height = rowHeight(viewport, frame);
  const first = Math.floor(viewport.top);
  const last = Math.min(rowCount(viewport, frame), Math.ceil(viewport.top + frame.height / height));
  context.font = palette.font;
  context.textBaseline = 'middle';
  for (let row = first; row < last; row += 1) {
    const y = Math.round((row - viewport.top) * height);
    drawRow(context, drawing, colours, row, y, height - ROW_GAP);
  }
  drawMarked(context, drawing);
}

function drawRow(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  colours: readonly Rgb[],
  row: number,
  y: number,
  height: number,
): void {
  const { map, viewport, frame, palette } = drawing;
  const from = row * viewport.rowBytes;
  const to = Math.min(from + viewport.rowBytes, frame.end);
  if (frame.left > 0) {
    context.fillStyle = palette.dim;
    context.fillText(formatHex(from, 7), 0, y + height / 2);
  }
  const end = Math.min(to, map.end);
  if (from < end) {
    const ranges = rangeAt(map, end - 1) - rangeAt(map, from) + 1;
    const width = xOf(viewport, frame, end - from) - frame.left;
    if (width / ranges >= MIN_RANGE_WIDTH)
      drawRanges(context, drawing, colours, from, end, y, height);
    else drawMixed(context, drawing, colours, from, end, y, height);
  }
  if (to > map.end) {
    const start = Math.max(from, map.end);
    const x = xOf(viewport, frame, start - from);
    context.fillStyle = css(colours[FLASH_KINDS.indexOf('outside')]!);
    context.fillRect(x, y, xOf(viewport, frame, to - from) - x, height);
  }
  drawGrid(context, drawing, from, to, y, height);
  drawFindings(context, drawing, from, to, y);
}

function drawRanges(
  context: CanvasRenderingContext2D,
  { map, viewport, frame, palette }: Drawing,
  colours: readonly Rgb[],
  from: number,
  end: number,
  y: number,
  height: number,
): void {
  for (let range = rangeAt(map, from); range < map.starts.length; range += 1) {
    const start = Math.max(from, map.starts[range]!);
    if (start >= end) break;
    const stop = Math.min(end, rangeEnd(map, range));
    const x = Math.round(xOf(viewport, frame, start - from));
    const width = Math.max(1, Math.round(xOf(viewport, frame, stop - from)) - x);
    const kind = map.kinds[range]!;
    context.fillStyle = css(colours[kind]!);
    context.fillRect(x, y, width, height);
    if (HATCHED.has(kind) && width > 4) hatch(context, palette, x, y, width, height);
    // Draws a line of background between blocks.
    if (start === map.starts[range] && width > 4) {
      context.fillStyle = css(palette.paper);
      context.fillRect(x, y, 1, height);
    }
  }
}

/** Draws ranges that are too small to be seen: each pixel has the mean colour of its bytes. */
function drawMixed(
  context: CanvasRenderingContext2D,
  { map, viewport, frame }: Drawing,
  colours: readonly Rgb[],
  from: number,
  end: number,
  y: number,
  height: number,
): void {
  const left = Math.round(frame.left);
  const pixels = Math.max(1, Math.round(xOf(viewport, frame, end - from)) - left);
  const perPixel = (end - from) / pixels;
  let range = rangeAt(map, from);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const start = from + pixel * perPixel;
    const stop = start + perPixel;
    const sum = [0, 0, 0] as [number, number, number];
    for (;;) {
      const part = Math.min(stop, rangeEnd(map, range)) - Math.max(start, map.starts[range]!);
      const colour = colours[map.kinds[range]!]!;
      for (let channel = 0; channel < 3; channel += 1) {
        sum[channel]! += Math.max(0, part) * colour[channel]!;
      }
      if (rangeEnd(map, range) > stop || range + 1 >= map.starts.length) break;
      range += 1;
    }
    context.fillStyle = css([sum[0] / perPixel, sum[1] / perPixel, sum[2] / perPixel]);
    context.fillRect(left + pixel, y, 1, height);
  }
}

function hatch(
  context: CanvasRenderingContext2D,
  { paper }: Palette,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.beginPath();
  for (let at = x - height; at < x + width; at += 5) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.strokeStyle = css(paper);
  context.lineWidth = 1;
  context.globalAlpha = 0.55;
  context.stroke();
  context.restore();
}

function drawGrid(
  context: CanvasRenderingContext2D,
  { viewport, frame, palette, eraseBlock, partition, map }: Drawing,
  from: number,
  to: number,
  y: number,
  height: number,
): void {
  if (eraseBlock !== undefined && xOf(viewport, frame, eraseBlock) - frame.left >= 4) {
    context.fillStyle = palette.ink;
    const start = Math.ceil(from / eraseBlock) * eraseBlock;
    for (let at = start; at < to; at += eraseBlock) {
      const x = Math.round(xOf(viewport, frame, at - from));
      context.fillRect(x, y - 1, 1, height + 2);
      context.fillRect(x, y - 1, 5, 1);
    }
  }
  if (partition === undefined) return;
  if (partition < map.size && to > partition) {
    const x = xOf(viewport, frame, Math.max(from, partition) - from);
    context.fillStyle = palette.bad;
    context.fillRect(x, y + height - 2, xOf(viewport, frame, Math.min(to, map.size) - from) - x, 3);
  }
  if (partition > from && partition <= to) {
    context.fillStyle = palette.bad;
    context.fillRect(Math.round(xOf(viewport, frame, partition - from)) - 1, y - 1, 2, height + 2);
  }
}

function drawFindings(
  context: CanvasRenderingContext2D,
  { viewport, frame, palette, findings }: Drawing,
  from: number,
  to: number,
  y: number,
): void {
  for (const { offset, severity } of findings) {
    if (offset === undefined || offset < from || offset >= to) continue;
    const x = Math.round(xOf(viewport, frame, offset - from));
    context.beginPath();
    context.moveTo(x - 5, y - 2);
    context.lineTo(x + 5, y - 2);
    context.lineTo(x, y + 7);
    context.closePath();
    context.fillStyle = severity === 'error' ? palette.bad : palette.warn;
    context.fill();
    context.strokeStyle = css(palette.paper);
    context.lineWidth = 1;
    context.stroke();
  }
}

/** Outlines the range under the pointer, in all its rows. */
function drawMarked(
  context: CanvasRenderingContext2D,
  { map, viewport, frame, palette, marked }: Drawing,
): void {
  if (marked === undefined) return;
  const range = rangeAt(map, marked);
  if (range < 0) return;
  const start = map.starts[range]!;
  const end = rangeEnd(map, range);
  const height = rowHeight(viewport, frame);
  const firstRow = Math.max(Math.floor(start / viewport.rowBytes), Math.floor(viewport.top));
  const lastRow = Math.min(
    Math.floor((end - 1) / viewport.rowBytes),
    Math.ceil(viewport.top + frame.height / height),
  );
  context.strokeStyle = palette.ink;
  context.lineWidth = 2;
  for (let row = firstRow; row <= lastRow; row += 1) {
    const from = row * viewport.rowBytes;
    const x = Math.round(xOf(viewport, frame, Math.max(0, start - from)));
    const stop = xOf(viewport, frame, Math.min(viewport.rowBytes, end - from));
    const y = Math.round((row - viewport.top) * height);
    context.strokeRect(x, y, Math.max(2, Math.round(stop) - x), height - ROW_GAP);
  }
}

function mixed(a: Rgb, b: Rgb, part: number): Rgb {
  return [0, 1, 2].map((at) => a[at]! * (1 - part) + b[at]! * part) as [number, number, number];
}

function css([red, green, blue]: Rgb): string {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}
