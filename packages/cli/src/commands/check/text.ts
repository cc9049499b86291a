import { nameToText, plural, fileTypeName, type FileType } from 'cramfs-format';
import type { CheckResult, Finding } from 'cramfs-reader';
import {
  ProblemLines,
  type ProblemKind,
  type ProblemLinesOptions,
} from '../../shell/problem-lines.js';
import { blockSizeText } from '../../render/block-size.js';
import { hex } from '../../render/json.js';
import { paint, type Color, type Look } from '../../render/look.js';
import { renderFields } from '../../render/table.js';
import { hangingLine } from '../../render/text-width.js';
import { verdict } from './verdict.js';

/**
 * A line for each finding and for the verdict, each with the name of the file before it.
 *
 * @param verbose all findings, and the contents of the image.
 */
export function checkText(name: string, result: CheckResult, verbose: boolean, look: Look): string {
  const lines = [
    ...findingLines(result, { all: verbose, hint: '--verbose lists all' }),
    verdict(result).text,
  ];
  return (
    (verbose ? renderStats(result, look) : '') +
    lines.map((line) => resultLine(name, line, look)).join('')
  );
}

/** What findings and the verdict start with. */
const NEWS: readonly (readonly [RegExp, Color])[] = [
  [/^error(?=:)|^\d+ errors?/, 'red'],
  [/^warning(?=:)|^OK, but/, 'yellow'],
  [/^OK$/, 'green'],
];

function resultLine(name: string, line: string, look: Look): string {
  const laidOut = hangingLine(`${name}: ${line}`, look.width);
  const [start, color] = NEWS.find(([pattern]) => pattern.test(line)) ?? [];
  if (start === undefined) return laidOut;
  const [word] = start.exec(line)!;
  const at = laidOut.indexOf(word, name.length);
  // No colour if the terminal is so narrow that the word itself is broken.
  if (at === -1) return laidOut;
  return laidOut.slice(0, at) + paint(look, color, word) + laidOut.slice(at + word.length);
}

/** `error: offset 0x4c: message (/path) [code]` */
function findingLine({ code, severity, path, offset, message }: Finding): string {
  const where = offset === undefined ? '' : `offset ${hex(offset)}: `;
  const which = path === undefined ? '' : ` (${nameToText(path)})`;
  return `${severity}: ${where}${message}${which} [${code}]`;
}

/**
 * A line for each finding, or for the first ten of each code; and one for each path that a truncated image
 * has lost.
 *
 * @param hint how to get them all.
 */
export function findingLines(
  { findings, suppressed, lost }: CheckResult,
  options: ProblemLinesOptions,
): string[] {
  const lines: string[] = [];
  const printer = new ProblemLines((line) => lines.push(line), options);
  const kind = (code: string): ProblemKind => ({ key: code, summary: `[${code}]` });
  for (const finding of findings) printer.add(kind(finding.code), () => findingLine(finding));
  for (const [code, count] of Object.entries(suppressed)) printer.leaveOut(kind(code), count);
  printer.finish();
  // List all of them: the user of half an image wants to know what is in the other half.
  for (const path of lost) lines.push(`lost: ${nameToText(path)}`);
  return lines;
}

/** What is in the image; nothing if it could not even be opened. */
export function renderStats({ stats }: CheckResult, look?: Look): string {
  if (stats === undefined) return '';
  const { blocks, entries, gaps } = stats;
  const fields: [string, string][] = [
    ['checked', `${plural(stats.size, 'byte')}, ${stats.endianness} endian`],
    ['block size', blockSizeText(stats)],
    ['flags', hex(stats.flags)],
    [
      'entries',
      Object.entries(entries)
        .map(([type, count]) => entriesText(type, count))
        .join(', '),
    ],
    [
      'blocks',
      `${blocks.compressed} compressed, ${blocks.uncompressed} uncompressed, ` +
        `${plural(blocks.holes, 'hole')}; ${blocks.direct} direct`,
    ],
    ['gaps', `${plural(gaps.bytes, 'byte')}, ${gaps.nonZeroBytes} of them not zero`],
  ];
  return renderFields(fields, look);
}

/** `2 files`, `1 character device`. */
function entriesText(type: string, count: number): string {
  if (type === 'directory') return plural(count, 'directory', 'directories');
  if (type === 'unknown') return plural(count, 'entry of unknown type', 'entries of unknown type');
  return plural(count, type === 'file' ? type : fileTypeName(type as FileType));
}
