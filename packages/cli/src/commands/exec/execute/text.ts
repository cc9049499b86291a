import { nameToText } from 'cramfs-format';
import { signalName, type LoggedFault } from 'xip-cpu/linux';
import type { Look } from '../../../render/look.js';
import { segmentFlags } from '../../../render/segment.js';
import { renderFields, renderTable, type Column } from '../../../render/table.js';
import { endText, type RunReport } from './report.js';

const FILE_COLUMNS: readonly Column[] = [
  { title: 'FILE', fit: 'cut' },
  { title: 'SEGMENT' },
  { title: 'PAGES', align: 'right' },
  { title: 'FETCHED', align: 'right' },
  { title: 'READ', align: 'right' },
  { title: 'WRITTEN', align: 'right' },
  { title: 'ROM', align: 'right' },
  { title: 'NOT IN PLACE', align: 'right' },
];
const FAULT_COLUMNS: readonly Column[] = [
  { title: 'FAULTS' },
  { title: 'BY' },
  { title: 'TO' },
  { title: 'COUNT', align: 'right' },
  { title: 'FIRST AT', align: 'right' },
  { title: 'ADDRESS', align: 'right' },
];
const TIME_COLUMNS: readonly Column[] = [
  { title: 'INSTRUCTIONS', align: 'right' },
  { title: 'RAM', align: 'right' },
  { title: 'ROM', align: 'right' },
  { title: 'PROCESSES', align: 'right' },
];

/** The report of `cramfs exec --run`. */
export function reportText(report: RunReport, look: Look): string {
  const { pageSize } = report;
  const kilobytes = (pages: number): string => `${(pages * pageSize) / 1024} KiB`;
  const head = renderFields(
    [
      ['program', nameToText(report.argv.join(' '))],
      ['end', endText(report.end, signalName)],
      ['instructions', String(report.instructions)],
      ['most RAM', kilobytes(report.mostRamPages)],
      ['ROM used', kilobytes(report.romPages)],
      ['faults', String(report.faultCount)],
    ],
    look,
  );
  const problems = report.problems.map((problem) => `note: ${nameToText(problem)}\n`).join('');
  const tables = [
    filesTable(report, look),
    faultsTable(report, look),
    timeTable(report, kilobytes, look),
  ];
  return [head, ...tables].join('\n') + (problems === '' ? '' : `\n${problems}`);
}

function filesTable({ files, anonymous }: RunReport, look: Look): string {
  const rows = files.flatMap(({ path, parts }) =>
    parts.map(({ segment, pages, fetched, read, written, inRom, notInPlace }) => [
      nameToText(path),
      segment === undefined ? '' : segmentFlags(segment.flags),
      ...[pages, fetched, read, written, inRom, notInPlace].map(count),
    ]),
  );
  const others = anonymous.map(({ name, pages, written }) => [
    name,
    '',
    ...[pages, 0, 0, written, 0, 0].map(count),
  ]);
  return renderTable(FILE_COLUMNS, [...rows, ...others], look);
}

function count(value: number): string {
  return value === 0 ? '' : String(value);
}

/** Faults of one kind in one line, with the first of them. */
function faultsTable({ faults }: RunReport, look: Look): string {
  const groups = new Map<string, LoggedFault[]>();
  for (const fault of faults) {
    const key = `${fault.why} ${fault.kind} ${fault.place ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [fault]);
    else group.push(fault);
  }
  const rows = [...groups.values()].map((group) => {
    const { why, kind, place = '', pc, address } = group[0]!;
    return [
      why,
      kind,
      place,
      String(group.length),
      `0x${pc.toString(16)}`,
      `0x${address.toString(16)}`,
    ];
  });
  return renderTable(FAULT_COLUMNS, rows, look);
}

function timeTable(
  { timeline }: RunReport,
  kilobytes: (pages: number) => string,
  look: Look,
): string {
  const rows = timeline.map(({ instructions, ramPages, romPages, processes }) => [
    String(instructions),
    kilobytes(ramPages),
    kilobytes(romPages),
    String(processes),
  ]);
  return renderTable(TIME_COLUMNS, rows, look);
}
