import { nameToText, plural } from 'cramfs-format';
import {
  failureText,
  type AreaReport,
  type FramePlace,
  type KernelBuild,
  type MemoryPage,
  type TraceEvent,
} from 'xip-emu';
import { hex } from '../../render/json.js';
import { kernelText } from '../../emulator/kernel-text.js';
import { mapsLine } from '../../emulator/maps-line.js';
import type { Look } from '../../render/look.js';
import { hangingLine } from '../../render/text-width.js';
import { renderFields, renderTable, type Column } from '../../render/table.js';
import type { MmapExplanation, TouchResult } from './explain.js';
import { pageRuns, type PageRun } from './page-runs.js';

/** One mapping, in sections. */
export function mmapText(explanation: MmapExplanation, look: Look): string {
  const { build, address, failure, areas, pages, touches } = explanation;
  const { size: pageSize } = build.geometry;
  const head = hangingLine(requestText(explanation), look.width);
  if (address === undefined) {
    return head + hangingLine(`fails: ${failureText(failure!)}`, look.width);
  }
  return [
    head,
    areas.map((area) => areaText(area, look)).join(''),
    renderTable(CALL_COLUMNS, callRows(explanation), look),
    renderTable(PAGE_COLUMNS, pageRows(pages, pageSize), look),
    ...(touches.length === 0
      ? []
      : [
          renderTable(
            TOUCH_COLUMNS,
            touches.flatMap((touch) => touchRows(touch, address, pageSize)),
            look,
          ),
        ]),
    renderFields(sums(explanation), look),
  ].join('\n');
}

/** `r-x`, as maps writes permissions. */
export function protText(prot: string): string {
  return ['r', 'w', 'x'].map((letter) => (prot.includes(letter) ? letter : '-')).join('');
}

function requestText({ question, build }: MmapExplanation): string {
  const { path, length, prot, shared, offset, policy } = question;
  const kernel = `${policy} ${kernelText(build)}`;
  const type = shared ? 'shared' : 'private';
  const pages = plural(build.geometry.pagesOf(length), 'page');
  return `${nameToText(path)}: ${pages} from byte ${offset}, ${protText(prot)} ${type}; ${kernel}`;
}

/** What the letters of VmFlags say about ROM. */
const FLAG_MEANINGS: readonly (readonly [letters: string, meaning: string])[] = [
  ['pf', 'VM_PFNMAP: ROM only, no pages of RAM'],
  ['mm', 'VM_MIXEDMAP: ROM and pages of RAM'],
];

function areaText({ line, vmFlags }: AreaReport, look: Look): string {
  const area = mapsLine(line, look);
  if (vmFlags === undefined) return area;
  const letters = vmFlags.split(' ');
  const meaning = FLAG_MEANINGS.find(([flag]) => letters.includes(flag))?.[1];
  const note = meaning === undefined ? '' : ` (${meaning})`;
  return area + hangingLine(`  VmFlags: ${vmFlags}${note}`, look.width);
}

const CALL_COLUMNS: readonly Column[] = [
  { title: 'CALL' },
  { title: 'WHAT HAPPENED', fit: 'wrap' },
];

/** The event of the mmap itself, after those of its reads. */
function callRows({ events, build }: MmapExplanation): string[][] {
  const read = events.filter(({ type }) => type === 'read-folio').length;
  const steps = read === 0 ? [] : [`${plural(read, 'page')} of the file read into the page cache`];
  for (const event of events) if (event.type === 'mmap') steps.push(mmapEventText(event, build));
  return steps.map((text, index) => [index === 0 ? 'mmap' : '', text]);
}

function mmapEventText(
  event: Extract<TraceEvent, { readonly type: 'mmap' }>,
  { geometry }: KernelBuild,
): string {
  const { length, romPages, bailout, lastPageShared = false } = event;
  const pages = geometry.pagesOf(length);
  const reason = bailout ?? (lastPageShared ? 'last page is shared' : undefined);
  const from = `${romPages} of ${plural(pages, 'page')} from ROM at once`;
  return reason === undefined ? from : `${from}: ${reason}`;
}

const PAGE_COLUMNS: readonly Column[] = [
  { title: 'PAGES', align: 'right' },
  { title: 'BACKED BY' },
  { title: 'PHYSICAL' },
];

const BACKINGS: Readonly<Record<PageRun['backing'], string>> = {
  rom: 'ROM',
  'page-cache': 'page cache',
  anonymous: 'private copy in RAM',
  zero: 'the zero page',
  copy: 'copy in RAM',
  absent: 'neither ROM nor RAM',
  none: 'nothing yet',
};

function pageRows(pages: readonly MemoryPage[], pageSize: number): string[][] {
  return pageRuns(pages, pageSize).map(({ first, count, backing, physical }) => [
    count === 1 ? String(first) : `${first}-${first + count - 1}`,
    BACKINGS[backing],
    physical === undefined ? '' : `${hex(physical)}-${hex(physical + count * pageSize)}`,
  ]);
}

const TOUCH_COLUMNS: readonly Column[] = [
  { title: 'TOUCH' },
  { title: 'RESULT', fit: 'wrap' },
  { title: 'WHAT HAPPENED', fit: 'wrap' },
];

function touchRows(touch: TouchResult, address: number, pageSize: number): string[][] {
  const { page, write, signal, unknown, events } = touch;
  const steps = events.filter(({ type }) => type !== 'signal');
  const quiet = signal === undefined && unknown === undefined ? 'no fault' : '';
  const [first = quiet, ...more] = steps.map((event) => eventText(event, address, pageSize));
  return [
    [`${page}:${write ? 'w' : 'r'}`, touchResult(touch), first],
    ...more.map((text) => ['', '', text]),
  ];
}

function touchResult({ value, signal, unknown }: TouchResult): string {
  if (unknown !== undefined) return unknown;
  if (signal !== undefined) return `${signal.name} (${signal.code})`;
  return value === undefined ? 'stored' : `0x${value.toString(16).padStart(2, '0')}`;
}

/** The possible results of a load or a store. */
function eventText(event: TraceEvent, address: number, pageSize: number): string {
  if (event.type === 'fault') {
    const page = Math.floor((event.address - address) / pageSize);
    const frame = event.frame === undefined ? '' : `: ${placeText(event.frame, pageSize)}`;
    return `${event.kind} fault, ${event.why}, page ${page}${frame}`;
  }
  return 'index' in event
    ? `page ${event.index} of the file ${FOLIO_TEXTS[event.type]}`
    : event.type;
}

const FOLIO_TEXTS = {
  'read-folio': 'is read into the page cache',
  'share-folio': 'is in the page cache, read for another place',
  'unshare-folio': 'becomes a page of its own',
} as const;

function placeText({ kind, pfn }: FramePlace, pageSize: number): string {
  const names = {
    rom: 'ROM',
    'page-cache': 'page cache',
    anonymous: 'a copy',
    zero: 'zero page',
    absent: 'nothing',
  };
  return `${names[kind]} at ${hex(pfn * pageSize)}`;
}

function sums({ account, reason }: MmapExplanation): [string, string][] {
  const { romPages, pageCachePages, anonymousPages, ramBytes, savedBytes } = account;
  const { sharingSavedBytes } = account;
  const rows: [string, string][] = [
    ['ROM', `${plural(romPages, 'page')} mapped; ${plural(savedBytes, 'byte')} of RAM saved`],
    [
      'RAM',
      `${plural(ramBytes, 'byte')}: ${plural(pageCachePages, 'page')} of page cache, ${anonymousPages} of the process`,
    ],
  ];
  if (sharingSavedBytes > 0)
    rows.push(['Shared pages', `${plural(sharingSavedBytes, 'byte')} of RAM saved`]);
  if (reason !== undefined) rows.push(['Not all from ROM', reason]);
  return rows;
}
