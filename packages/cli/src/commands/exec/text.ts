import { nameToText, plural } from 'cramfs-format';
import { failureText, type ExplainedObject, type RamPages } from 'xip-emu';
import { kernelText } from '../../emulator/kernel-text.js';
import { segmentFlags } from '../../render/segment.js';
import { mapsLine } from '../../emulator/maps-line.js';
import type { Look } from '../../render/look.js';
import { hangingLine } from '../../render/text-width.js';
import { renderFields, renderTable, type Column } from '../../render/table.js';
import { ramBytes, type ExecExplanation } from './explain.js';

const COLUMNS: readonly Column[] = [
  { title: 'OBJECT', fit: 'cut' },
  { title: 'ROM', align: 'right' },
  { title: 'RAM AT START', align: 'right' },
  { title: 'RAM AT MOST', align: 'right' },
  { title: 'NOT IN PLACE', fit: 'wrap' },
];

/** A program, in sections: its areas, what each of its objects costs, the sums. */
export function execText(explanation: ExecExplanation, look: Look): string {
  const { question, build, cost, objects, failure } = explanation;
  const kernel = `${question.policy} ${kernelText(build)}`;
  const loader = cost?.started.loader;
  const { width } = look;
  const head = hangingLine(
    `${question.argv.map(nameToText).join(' ')}: ${kernel}` +
      (loader === undefined ? '' : `, ${loader}'s dynamic loader`),
    width,
  );
  if (cost === undefined) return head + hangingLine(`fails: ${failureText(failure!)}`, width);
  const { atStart, atMost } = cost.loaderMemory;
  const rows = [
    ...objects.map(objectRow),
    ...(atMost === 0 ? [] : [['memory of the loader', '', `${atStart}+0`, `${atMost}+0`]]),
    ['[stack]', '', ramText(cost.stack), ramText(cost.stack)],
    ...(cost.otherCache === 0
      ? []
      : [['files that are only read', '', `0+${cost.otherCache}`, `0+${cost.otherCache}`]]),
    ['total', String(cost.romPages), ramText(cost.atStart), ramText(cost.atMost)],
  ];
  return [
    head,
    cost.areas.map(({ line }) => mapsLine(line, look)).join(''),
    hangingLine(
      `Pages of ${build.geometry.size} bytes; RAM: pages of the process + pages of the page cache.`,
      width,
    ) + renderTable(COLUMNS, rows, look),
    renderFields(sums(explanation), look) +
      problems(explanation)
        .map((line) => hangingLine(line, width))
        .join(''),
  ].join('\n');
}

function objectRow({ object, romPages, atStart, atMost, ...rest }: ExplainedObject): string[] {
  return [
    nameToText(object.path),
    String(romPages),
    ramText(atStart),
    ramText(atMost),
    reasonsText(rest),
  ];
}

function ramText(pages: RamPages): string {
  return `${pages.private}+${pages.cache}`;
}

/** A reason that applies to several segments is given once. */
function reasonsText({ segments, reasons }: Pick<ExplainedObject, 'segments' | 'reasons'>): string {
  const bySegments = new Map<string, string[]>();
  reasons.forEach((reason, index) => {
    if (reason === undefined) return;
    const names = bySegments.get(reason) ?? [];
    bySegments.set(reason, [...names, segmentFlags(segments[index]!.flags)]);
  });
  return [...bySegments].map(([reason, names]) => `${names.join(', ')}: ${reason}`).join('; ');
}

function sums({ cost, question, build }: ExecExplanation): [string, string][] {
  const { romPages, atStart, atMost, sharedCopyPages, pageTablePages } = cost!;
  const rows: [string, string][] = [
    ['ROM', `${plural(romPages, 'page')} mapped, ${romPages * build.geometry.size} bytes`],
    ['RAM at start', `${ramBytes(atStart, build)} bytes`],
    ['RAM at most', `${ramBytes(atMost, build)} bytes, before its stack and heap grow`],
  ];
  if (sharedCopyPages > 0) {
    const pages = plural(sharedCopyPages, 'page');
    rows.push(['Copied text', `${pages} of the RAM, one copy for all instances`]);
  }
  if (question.mmu) {
    rows.push(['Page tables', `${plural(pageTablePages, 'page')}, not counted above`]);
    if (cost!.started.loader !== undefined) {
      rows.push(['Not counted', 'what constructors of libraries write to (exec --run tells)']);
    }
  }
  return rows;
}

function problems({ cost, fits, question }: ExecExplanation): string[] {
  const { missing, killed } = cost!.started;
  return [
    ...missing.map(
      ({ name, neededBy, reason }) =>
        `does not start: ${nameToText(name)}, needed by ${nameToText(neededBy.path)}: ` +
        nameToText(reason),
    ),
    ...(killed === undefined ? [] : [`does not start: relocation ends in ${killed}`]),
    ...(fits ? [] : [`too much RAM: more than ${question.maxRam!} bytes at most`]),
  ];
}
