import { nameToText, plural } from 'cramfs-format';
import {
  flagsText,
  mayHaveNeighbours,
  totalPages,
  type CurvePoint,
  type DescribedPart,
  type DescribedRefusal,
  type Profile,
  type Workload,
} from 'cramfs-planner';
import type { Look } from '../../render/look.js';
import { renderFields, renderTable, type Column } from '../../render/table.js';
import { hangingLine } from '../../render/text-width.js';
import type { PlanAnswer } from './answer.js';

const PARTS: readonly Column[] = [
  { title: 'FILE', fit: 'cut' },
  { title: 'PART' },
  { title: 'IN PLACE', align: 'right' },
  { title: 'RAM SAVED', align: 'right' },
  { title: 'FLASH', align: 'right' },
  { title: 'WHY', fit: 'wrap' },
];

const POINTS: readonly Column[] = [
  { title: 'POINT' },
  { title: 'IMAGE', align: 'right' },
  { title: 'RAM', align: 'right' },
  { title: 'SAVED', align: 'right' },
  { title: 'RAM/FLASH', align: 'right' },
];

const PROGRAMS: readonly Column[] = [
  { title: 'PROGRAM WITH ITS LIBRARIES', fit: 'cut' },
  { title: 'IMAGE', align: 'right' },
  { title: 'RAM', align: 'right' },
  { title: 'SAVED', align: 'right' },
  { title: 'RAM/FLASH', align: 'right' },
];

const FILES: readonly Column[] = [
  { title: 'FILE', fit: 'cut' },
  { title: 'FLASH', align: 'right' },
  { title: 'RAM SAVED', align: 'right' },
  { title: 'RAM/FLASH', align: 'right' },
];

/** How many files a table lists unless all are requested. */
const LISTED = 20;

export interface PlanTextOptions {
  readonly look: Look;
  /** List every part. */
  readonly all: boolean;
}

/** The answer as text, in sections with empty lines between them. */
export function planText(answer: PlanAnswer, options: PlanTextOptions): string {
  const sections =
    answer.choice === undefined
      ? [
          head(answer, options),
          pointsText(answer, options),
          programsText(answer, options),
          filesText(answer, options),
        ]
      : [head(answer, options), chosenText(answer, options), partsText(answer, options)];
  return [...sections, refusalsText(answer.refusals, options)]
    .filter((text) => text !== '')
    .join('\n');
}

function head({ planner, workload }: PlanAnswer, { look }: PlanTextOptions): string {
  const { mmu, blockSize } = planner.survey;
  const kernel = `${mmu ? 'with' : 'without'} an MMU, pages of ${blockSize} bytes`;
  return (
    hangingLine(`Workload: ${workloadText(workload)}; ${kernel}`, look.width) +
    hangingLine(`Touched: ${touchedText(workload)}`, look.width)
  );
}

function workloadText({ runs, profiles }: Workload): string {
  if (runs.length > 0) {
    return runs
      .map(
        ({ count, argv }) => `${count === 1 ? '' : `${count}*`}${argv.map(nameToText).join(' ')}`,
      )
      .join(', ');
  }
  return profiles.length > 0
    ? 'the files of the profiles, each mapped once'
    : 'all programs and libraries, each mapped once';
}

function touchedText({ touched, profiles }: Workload): string {
  const all = 'every page that is mapped';
  const start = 'the pages that kernel and loader touch at the start';
  return [touched === 'all' ? all : start, ...profiles.map(profileText)].join(', and ');
}

function profileText(profile: Profile): string {
  const { source, format, atLeast } = profile;
  const remarks = [
    mayHaveNeighbours(profile) ? 'with neighbours of touched pages' : '',
    atLeast.size > 0
      ? `without ${plural(atLeast.size, 'file')} whose pages it does not identify`
      : '',
  ];
  return `${nameToText(source)} (${[format, ...remarks.filter((text) => text !== '')].join(', ')})`;
}

function pointsText({ named, curve, planner }: PlanAnswer, { look }: PlanTextOptions): string {
  const rows = named.map(({ name, ...point }) => [name, ...pointCells(point, curve[0]!)]);
  return renderTable(POINTS, rows, look) + exactText(planner.isExact, curve.length, look);
}

/** Sizes, and what they save compared with the smallest image. */
function pointCells({ flash, ram }: CurvePoint, first: CurvePoint): string[] {
  const saved = first.ram - ram;
  const rate = flash === first.flash ? '' : (saved / (flash - first.flash)).toFixed(2);
  return [String(flash), String(ram), saved === 0 ? '' : String(saved), rate];
}

/** Shows for each program the smallest image in which all of its touched pages are in place. */
function programsText({ programs, curve }: PlanAnswer, { look }: PlanTextOptions): string {
  if (programs.length === 0) return '';
  const rows = programs.map(({ argv, ...point }) => [
    argv.map(nameToText).join(' '),
    ...pointCells(point, curve[0]!),
  ]);
  return renderTable(PROGRAMS, rows, look);
}

function exactText(isExact: boolean, points: number, look: Look): string {
  const what = isExact
    ? `${plural(points, 'point')} in all, each the best there is for its size`
    : `${plural(points, 'point')} in all; out of time, better ones may exist between them`;
  return hangingLine(what, look.width);
}

/** The cost of having all touched pages of a file in place, the best price first. */
function filesText({ parts, planner }: PlanAnswer, { look, all }: PlanTextOptions): string {
  const files = new Map<string, { bytes: number; gain: number }>();
  for (const { path, mostBytes, mostGain, isFirst } of parts) {
    if (!isFirst) continue;
    const file = files.get(path) ?? { bytes: 0, gain: 0 };
    file.bytes += mostBytes;
    file.gain += mostGain;
    files.set(path, file);
  }
  const worth = [...files]
    .filter(([, { gain }]) => gain > 0)
    .sort(([, a], [, b]) => b.gain * a.bytes - a.gain * b.bytes);
  const pageSize = planner.survey.blockSize;
  const rows = worth.slice(0, all ? Infinity : LISTED).map(([path, { bytes, gain }]) => {
    const saved = gain * pageSize;
    const rate = bytes > 0 ? (saved / bytes).toFixed(2) : '';
    return [nameToText(path), String(bytes), String(saved), rate];
  });
  const left = worth.length - rows.length;
  const more = left > 0 ? `and ${left} more (-v lists all)\n` : '';
  return rows.length === 0 ? '' : renderTable(FILES, rows, look) + more;
}

function chosenText(
  { planner, choice, budget, next, confirmed }: PlanAnswer,
  { look }: PlanTextOptions,
): string {
  const { flash, ram, solution } = choice!;
  const none = planner.smallest();
  const isFlash = budget !== undefined && 'flash' in budget;
  const gap =
    solution.gap === 0
      ? 'the best there is'
      : isFlash
        ? `out of time: at most ${plural(solution.gap, 'page')} of RAM from the best`
        : `out of time: at most ${plural(solution.gap, 'byte')} of flash from the best`;
  const saved = totalPages(planner.nothing.ram) * planner.survey.blockSize - ram;
  const fields: [string, string][] = [
    ['Image', `${flash} bytes, ${flash - none.flash} more than the smallest`],
    ['RAM', `${ram} bytes, ${saved} less than with nothing in place`],
    [
      'Choice',
      `${gap}; the emulator confirms ${confirmed.ram.private}+${confirmed.ram.cache} pages`,
    ],
  ];
  if (next !== undefined) {
    fields.push(
      [
        '64 KiB more flash',
        next.flash.saves === 0 ? 'saves nothing' : `saves ${next.flash.saves} bytes of RAM`,
      ],
      [
        '64 KiB more RAM',
        next.ram.saves === 0 ? 'saves nothing' : `saves ${next.ram.saves} bytes of flash`,
      ],
    );
  }
  return renderFields(fields, look);
}

function partsText({ parts, planner }: PlanAnswer, { look, all }: PlanTextOptions): string {
  const shown = parts.filter(({ inPlace, mostGain }) => all || inPlace > 0 || mostGain > 0);
  const pageSize = planner.survey.blockSize;
  const rows = shown.slice(0, all ? Infinity : 4 * LISTED).map((part) => partRow(part, pageSize));
  const left = shown.length - rows.length;
  const more = left > 0 ? `and ${left} more (-v lists all)\n` : '';
  return rows.length === 0 ? 'Nothing is in place.\n' : renderTable(PARTS, rows, look) + more;
}

function partRow(part: DescribedPart, pageSize: number): string[] {
  const { path, flags, inPlace, pages, gain, bytes, isFirst } = part;
  return [
    nameToText(path),
    flagsText(flags),
    `${inPlace}/${pages}`,
    isFirst && gain > 0 ? String(gain * pageSize) : '',
    isFirst && bytes !== 0 ? String(bytes) : '',
    reasonText(part),
  ];
}

function reasonText({
  inPlace,
  pages,
  useful,
  gain,
  bytes,
  mostGain,
  mostBytes,
}: DescribedPart): string {
  if (inPlace === pages) return 'all of it';
  if (mostGain === 0) return inPlace > 0 ? 'no larger than compressed' : 'it would save no page';
  if (gain === mostGain) return inPlace >= useful ? 'the rest is not touched' : '';
  const price = mostBytes - bytes;
  return `${plural(mostGain - gain, 'page')} more would cost ${price} bytes`;
}

function refusalsText(refusals: readonly DescribedRefusal[], { look }: PlanTextOptions): string {
  if (refusals.length === 0) return '';
  const lines = refusals.map(({ message, pages, paths }) => {
    const names = paths.slice(0, 3).map(nameToText).join(', ');
    const more = paths.length > 3 ? `, and ${paths.length - 3} more` : '';
    return hangingLine(`- ${plural(pages, 'page')} of ${names}${more}: ${message}`, look.width);
  });
  return `Cannot be in place:\n${lines.join('')}`;
}
