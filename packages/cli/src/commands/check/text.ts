import { nameToText, plural, fileTypeName, type FileType } from 'cramfs-format';
import type { CheckResult, Finding } from 'cramfs-reader';
import {
  ProblemLines,
  type ProblemKind,
  type ProblemLinesOptions,
} from '../../shell/problem-lines.js';
import { blockSizeText, blockSizeVotesJson } from '../../render/block-size.js';
import { hex } from '../../render/json.js';
import { renderFields } from '../../render/table.js';

export interface Verdict {
  readonly errors: number;
  readonly warnings: number;
  /** `OK`, or how many there are. */
  readonly text: string;
}

/** Counts all findings, also those that were left out because there are too many of their code. */
export function verdict({ findings, suppressed }: CheckResult): Verdict {
  const severities = new Map(findings.map(({ code, severity }) => [code, severity] as const));
  const count = (wanted: Finding['severity']): number => {
    const shown = findings.filter(({ severity }) => severity === wanted).length;
    return Object.entries(suppressed).reduce(
      (sum, [code, more]) => sum + (severities.get(code as Finding['code']) === wanted ? more : 0),
      shown,
    );
  };
  const errors = count('error');
  const warnings = count('warning');
  const parts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  const counts = parts.join(', ');
  const text = errors > 0 ? counts : warnings > 0 ? `OK, but ${counts}` : 'OK';
  return { errors, warnings, text };
}

/** `error: offset 0x4c: message (/path) [code]` */
function findingLine({ code, severity, path, offset, message }: Finding): string {
  const where = offset === undefined ? '' : `offset ${hex(offset)}: `;
  const which = path === undefined ? '' : ` (${nameToText(path)})`;
  return `${severity}: ${where}${message}${which} [${code}]`;
}

/**
 * A line for each finding, or for the first ten of each code; and one for each path that is lost with
 * what is cut off.
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
  // All of them: who has half an image wants to know what is in the other half.
  for (const path of lost) lines.push(`lost: ${nameToText(path)}`);
  return lines;
}

/** @param offset of the image in the file. */
export function resultJson(result: CheckResult, offset: number): unknown {
  const { errors, warnings } = verdict(result);
  const { findings, suppressed, lost, stats } = result;
  return {
    ok: errors === 0,
    offset,
    errors,
    warnings,
    findings: findings.map(({ code, severity, path, offset, message }) => ({
      code,
      severity,
      path: path === undefined ? null : nameToText(path),
      offset: offset ?? null,
      message,
    })),
    suppressed,
    lost: lost.map(nameToText),
    stats:
      stats === undefined
        ? null
        : { ...stats, blockSizeVotes: blockSizeVotesJson(stats), flags: hex(stats.flags) },
  };
}

/** What is in the image; nothing if it could not even be opened. */
export function renderStats({ stats }: CheckResult): string {
  if (stats === undefined) return '';
  const { blocks, entries, gaps } = stats;
  return renderFields([
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
  ]);
}

/** `2 files`, `1 character device`. */
function entriesText(type: string, count: number): string {
  if (type === 'directory') return plural(count, 'directory', 'directories');
  if (type === 'unknown') return plural(count, 'entry of unknown type', 'entries of unknown type');
  return plural(count, type === 'file' ? type : fileTypeName(type as FileType));
}
