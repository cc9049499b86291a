import type { CurvePoint } from './planner.js';
import type { NamedPoint } from './describe.js';

export interface CurveDrawing {
  readonly title: string;
  readonly curve: readonly CurvePoint[];
  readonly named: readonly NamedPoint[];
  /** Drawn as a filled circle. */
  readonly chosen: CurvePoint | undefined;
}

const WIDTH = 720;
const HEIGHT = 480;
const LEFT = 96;
const RIGHT = 32;
const TOP = 48;
const BOTTOM = 72;
const TICKS = 5;

/**
 * The trade-off as a drawing: flash to the right, RAM upwards, both in bytes. Black on white, so that it
 * can be read on paper: points differ by their shape.
 */
export function curveSvg({ title, curve, named, chosen }: CurveDrawing): string {
  const x = scale(
    curve.map(({ flash }) => flash),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = scale(
    curve.map(({ ram }) => ram),
    HEIGHT - BOTTOM,
    TOP,
  );
  const at = ({ flash, ram }: CurvePoint): string => `${x.place(flash)},${y.place(ram)}`;
  // An image between two points needs the RAM of the smaller one.
  const steps = curve.map((point, index) => {
    const before = curve[index - 1];
    return before === undefined
      ? `M${at(point)}`
      : `H${x.place(point.flash)}V${y.place(point.ram)}`;
  });
  const labels = new Labels();
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
      `height="${HEIGHT}" font-family="sans-serif" font-size="12" fill="black">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text({ x: WIDTH / 2, y: 24, anchor: 'middle' }, title),
    ...x.ticks.map((tick) => {
      const place = x.place(tick);
      const grid = `<path d="M${place},${TOP}V${HEIGHT - BOTTOM}" stroke="#ccc"/>`;
      return grid + text({ x: place, y: HEIGHT - BOTTOM + 18, anchor: 'middle' }, String(tick));
    }),
    ...y.ticks.map((tick) => {
      const place = y.place(tick);
      const grid = `<path d="M${LEFT},${place}H${WIDTH - RIGHT}" stroke="#ccc"/>`;
      return grid + text({ x: LEFT - 8, y: place + 4, anchor: 'end' }, String(tick));
    }),
    `<path d="M${LEFT},${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="black"/>`,
    text(
      { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 24, anchor: 'middle' },
      'flash: bytes of the image',
    ),
    `<g transform="translate(16,${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)">` +
      `${text({ x: 0, y: 0, anchor: 'middle' }, 'RAM: bytes of the workload')}</g>`,
    `<path d="${steps.join('')}" fill="none" stroke="black" stroke-width="2"/>`,
    ...named.map((point) => {
      const [cx, cy] = [x.place(point.flash), y.place(point.ram)];
      return (
        `<rect x="${round(cx - 4)}" y="${round(cy - 4)}" width="8" height="8" fill="white" stroke="black"/>` +
        labels.beside(cx, cy, point.name)
      );
    }),
    ...(chosen === undefined
      ? []
      : [
          `<circle cx="${x.place(chosen.flash)}" cy="${y.place(chosen.ram)}" r="6"/>`,
          labels.beside(
            x.place(chosen.flash),
            y.place(chosen.ram),
            `chosen: ${chosen.flash} flash, ${chosen.ram} RAM`,
          ),
        ]),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Labels of points, which must not overlap. The curve falls, so there is room above it on the right and below
 * it on the left.
 */
class Labels {
  private readonly taken: { left: number; right: number; y: number }[] = [];

  beside(x: number, y: number, content: string): string {
    const places = DISTANCES.flatMap((away): Label[] => [
      { x: x + 10, y: y - away, anchor: 'start' },
      { x: x - 10, y: y + away + CAPITALS, anchor: 'end' },
    ]);
    const place = places.find((label) => this.isFree(label, content)) ?? places[0]!;
    this.taken.push(boxOf(place, content));
    return text(place, content);
  }

  private isFree(label: Label, content: string): boolean {
    const { left, right, y } = boxOf(label, content);
    const isInside = left > LEFT && right < WIDTH && y > TOP - 8 && y < HEIGHT - BOTTOM - 4;
    return (
      isInside &&
      !this.taken.some(
        (other) => left < other.right && right > other.left && Math.abs(y - other.y) < LINE,
      )
    );
  }
}

/** A little more than the mean width of a letter, and the height of a line. */
const LETTER = 6.6;
const LINE = 14;
const CAPITALS = 9;
/** How far above or below a point its label may be. */
const DISTANCES: readonly number[] = [8, 22, 36, 50];

function boxOf({ x, y, anchor }: Label, content: string) {
  const width = content.length * LETTER;
  return anchor === 'end' ? { left: x - width, right: x, y } : { left: x, right: x + width, y };
}

interface Label {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

function text({ x, y, anchor }: Label, content: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Returns a scale from values to places, with round values to label. */
function scale(values: readonly number[], from: number, to: number) {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const step = roundStep(Math.max(most - least, 4096) / TICKS);
  const start = Math.floor(least / step) * step;
  const end = Math.max(Math.ceil(most / step), start / step + 1) * step;
  const place = (value: number): number =>
    round(from + ((value - start) / (end - start)) * (to - from));
  const ticks: number[] = [];
  for (let tick = start; tick <= end; tick += step) ticks.push(tick);
  return { place, ticks };
}

/** The smallest power of two that is not below the value: the unit in which bytes are shown. */
function roundStep(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

function round(place: number): number {
  return Math.round(place * 10) / 10;
}
