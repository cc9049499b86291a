import { nameToText, plural } from 'cramfs-format';
import type { RamPages, RegionReport } from 'xip-emu';
import { kernelText } from '../../emulator/kernel-text.js';
import type { Look } from '../../render/look.js';
import { hangingLine } from '../../render/text-width.js';
import { renderFields, renderTable, type Column } from '../../render/table.js';
import { ramBytes } from './explain.js';
import type { SystemExplanation, SystemProgram } from './system.js';

const PROGRAMS: readonly Column[] = [
  { title: 'PID', align: 'right' },
  { title: 'PROGRAM', fit: 'wrap' },
  { title: 'RAM ADDED', align: 'right' },
];

const SHARED: readonly Column[] = [
  { title: 'SHARED FILE', fit: 'cut' },
  { title: 'BY', align: 'right' },
  { title: 'ROM', align: 'right' },
  { title: 'CACHE', align: 'right' },
  { title: 'COPY', align: 'right' },
];

const ALLOCATIONS: readonly Column[] = [
  { title: 'ALLOCATION' },
  { title: 'PAGES', align: 'right' },
  { title: 'ORDER', align: 'right' },
  { title: 'SLACK', align: 'right' },
  { title: 'BY', align: 'right' },
  { title: 'FOR', fit: 'cut' },
];

/** Several programs: what each adds, what they share, what was allocated for them, the sums. */
export function systemText(explanation: SystemExplanation, look: Look): string {
  const { question, build, programs, cost } = explanation;
  const head = hangingLine(
    `${plural(programs.length, 'program')}: ${question.policy} ${kernelText(build)}`,
    look.width,
  );
  const shared = cost.shared.map((file) => [
    nameToText(file.path ?? ''),
    String(file.processes),
    String(file.romPages),
    String(file.pageCachePages),
    String(file.copyPages),
  ]);
  const allocations = cost.regions.flatMap(allocationRow);
  return [
    head,
    hangingLine(
      `Pages of ${build.geometry.size} bytes; RAM: of processes + in the page cache.`,
      look.width,
    ) + renderTable(PROGRAMS, programs.map(programRow), look),
    ...(shared.length === 0 ? [] : [renderTable(SHARED, shared, look)]),
    ...(allocations.length === 0 ? [] : [renderTable(ALLOCATIONS, allocations, look)]),
    renderFields(sums(explanation), look) +
      [...failures(programs), ...tooMuch(explanation)]
        .map((line) => hangingLine(line, look.width))
        .join(''),
  ].join('\n');
}

function programRow({ argv, outcome }: SystemProgram): string[] {
  return [
    outcome === undefined ? '' : String(outcome.pid),
    argv.map(nameToText).join(' '),
    outcome === undefined ? '' : ramText(outcome.added),
  ];
}

function failures(programs: readonly SystemProgram[]): string[] {
  return programs.flatMap(({ argv, outcome, failure }) => {
    if (failure === undefined) return [];
    const name = argv.map(nameToText).join(' ');
    const pid = outcome === undefined ? '' : ` (PID ${outcome.pid})`;
    return [`does not run: ${name}${pid}: ${nameToText(failure)}`];
  });
}

function allocationRow({ start, allocation, users, path }: RegionReport): string[][] {
  if (allocation === undefined) return [];
  const { pages, order, slackPages } = allocation;
  const at = `0x${start.toString(16)}`;
  const name = path === undefined ? '' : nameToText(path);
  return [[at, String(pages), String(order), String(slackPages), String(users), name]];
}

function ramText(pages: RamPages): string {
  return `${pages.private}+${pages.cache}`;
}

function sums({ cost, question, build }: SystemExplanation): [string, string][] {
  const { romPages, atStart, atMost, pageTablePages, regions } = cost;
  const rows: [string, string][] = [
    ['ROM', `${plural(romPages, 'page')} mapped, ${romPages * build.geometry.size} bytes`],
    ['RAM at start', `${ramBytes(atStart, build)} bytes`],
    ['RAM at most', `${ramBytes(atMost, build)} bytes, before stacks and heaps grow`],
  ];
  if (question.mmu)
    rows.push(['Page tables', `${plural(pageTablePages, 'page')}, not counted above`]);
  else {
    const orders = regions.map(({ allocation }) => allocation?.order ?? 0);
    const largest = 2 ** Math.max(0, ...orders);
    rows.push(['Largest allocation', plural(largest, 'contiguous page')]);
  }
  return rows;
}

function tooMuch({ fits, question }: SystemExplanation): string[] {
  return fits ? [] : [`too much RAM: more than ${question.maxRam!} bytes at most`];
}
