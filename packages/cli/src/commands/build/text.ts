import { nameToText, plural } from 'cramfs-format';
import type { BuildReport, EntryReport } from 'mkcramfs';
import { printable } from '../../shell/report-error.js';
import { hex } from '../../render/json.js';
import type { Look } from '../../render/look.js';
import { hangingLine } from '../../render/text-width.js';
import { renderFields, renderTable, type Column } from '../../render/table.js';

const COLUMNS: readonly Column[] = [
  { title: 'FILE', fit: 'cut' },
  { title: 'SIZE', align: 'right' },
  { title: 'STORED', align: 'right' },
  { title: '%', align: 'right' },
  { title: 'COMPR', align: 'right' },
  { title: 'PLAIN', align: 'right' },
  { title: 'HOLES', align: 'right' },
  { title: 'XIP', align: 'right' },
  { title: 'TAIL' },
  { title: 'PAD', align: 'right' },
  { title: 'XIP COST', align: 'right' },
  { title: 'SHARED', fit: 'wrap' },
];

/** A line for every file: bytes before and after, blocks by kind, what XIP costs in flash. */
export function reportTable({ entries }: BuildReport, look: Look): string {
  return renderTable(COLUMNS, entries.map(entryRow), look);
}

function entryRow({ path, size, stored, blocks, sharedWith, xip }: EntryReport): string[] {
  const shared =
    sharedWith !== undefined
      ? `with ${nameToText(sharedWith)}`
      : blocks.shared > 0
        ? plural(blocks.shared, 'block')
        : '';
  return [
    nameToText(path),
    String(size),
    String(stored),
    percent(stored, size),
    String(blocks.compressed),
    String(blocks.uncompressed),
    String(blocks.holes),
    String(blocks.xip),
    xip?.tail ?? '',
    xip === undefined ? '' : String(xip.padding),
    xip?.cost === undefined ? '' : String(xip.cost),
    shared,
  ];
}

/** `rootfs.img: 24576 bytes (41.3 % of 59502), 12 files, 5 XIP pages` */
export function summaryLine(
  output: string,
  report: BuildReport,
  verbose: boolean,
  look: Look,
): string {
  const { size, inputBytes, files, entries } = report;
  const own = entries.filter(({ sharedWith }) => sharedWith === undefined);
  const pages = own.reduce((sum, { xip }) => sum + (xip?.pages ?? 0), 0);
  const cost = own.reduce((sum, { xip }) => sum + (xip?.cost ?? 0), 0);
  const line =
    `${printable(output)}: ${plural(size, 'byte')} (${percent(size, inputBytes)} % of ` +
    `${inputBytes}), ${plural(files, 'file')}, ${plural(pages, 'XIP page')}` +
    (cost > 0 ? ` for ${plural(cost, 'byte')} of flash` : '');
  return hangingLine(line, look.width) + (verbose ? layoutText(report, look) : '');
}

function layoutText(report: BuildReport, look: Look): string {
  const fields: [string, string][] = [
    ['block size', `${report.blockSize}, ${report.endianness} endian, flags ${hex(report.flags)}`],
    ['blocks', String(report.blocks)],
    ['directories', plural(report.directoryBytes, 'byte')],
    ['data', plural(report.dataBytes, 'byte')],
    ['in place', plural(report.xipBytes, 'byte')],
    ['padding', plural(report.paddingBytes, 'byte')],
  ];
  return renderFields(fields, look);
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : ((100 * part) / whole).toFixed(1);
}

/** One line per file for `mkcramfs -v`: `  41.3 %  /bin/sh`. */
export function entryLine({ path, size, stored }: EntryReport): string {
  return `${percent(stored, size).padStart(7)} %  ${nameToText(path)}\n`;
}
