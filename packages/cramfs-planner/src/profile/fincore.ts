import { CramfsError } from 'cramfs-format';
import {
  absolutePath,
  isPageSize,
  lineError,
  MAX_PAGES,
  ProfileBuilder,
} from './profile-builder.js';
import type { Profile } from './profile.js';

/** Columns without --output; newer ones have more, with --output. */
const DEFAULT_COLUMNS = ['RES', 'PAGES', 'SIZE', 'FILE'];
const UNITS = 'BKMGTPE';

/** A file as fincore(1) lists it. */
interface Residency {
  /** A byte string. */
  readonly file: string;
  readonly pages: number;
  /** Bytes, perhaps rounded. */
  readonly res: number | undefined;
}

/** True for the first line of a table of fincore(1), with or without a heading. */
export function isFincoreLine(line: string): boolean {
  return (
    headingOf(line) !== undefined || /^ *\d[\d.]*[BKMGTPE]? +\d+ +\d[\d.]*[BKMGTPE]? +\S/.test(line)
  );
}

/**
 * Parses a table of util-linux's fincore(1), or the output of `--raw`. It tells how many pages of a file are
 * in the page cache, but not which.
 *
 * @param text one character per byte.
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parseFincore(text: string, source: string): Profile {
  const lines = text.split(/\r?\n/);
  const heading = headingOf(lines[0]!);
  const columns = heading ?? DEFAULT_COLUMNS;
  const found: Residency[] = [];
  for (const [index, line] of lines.entries()) {
    if (line === '' || (index === 0 && heading !== undefined)) continue;
    const residency = parseRow(line, columns);
    if (residency === undefined) {
      throw lineError(index + 1, `not a line of fincore: it should be ${columns.join(' ')}`);
    }
    found.push(residency);
  }
  return profileOf(found, source);
}

/** Parses what `fincore --json` writes. @throws CramfsError BAD_SOURCE naming the entry. */
export function parseFincoreJson(entries: unknown, source: string): Profile {
  if (!Array.isArray(entries)) throw new CramfsError('BAD_SOURCE', 'fincore: not a list');
  const found = entries.map((entry: unknown, index): Residency => {
    const { file, pages, res } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    const number = typeof pages === 'string' ? Number(pages) : pages;
    if (
      typeof file !== 'string' ||
      !isByteString(file) ||
      typeof number !== 'number' ||
      !isCount(number)
    ) {
      throw new CramfsError('BAD_SOURCE', `fincore[${index}]: not a file with a number of pages`);
    }
    return { file, pages: number, res: bytesOf(res) };
  });
  return profileOf(found, source);
}

function isByteString(text: string): boolean {
  return !/[^\0-\xff]/.test(text);
}

function headingOf(line: string): string[] | undefined {
  const columns = line.trim().split(/ +/);
  return columns.includes('PAGES') && columns.includes('FILE') ? columns : undefined;
}

/**
 * The file name is the remaining words: names contain blanks, except in raw output, where they are `\x20`.
 */
function parseRow(line: string, columns: readonly string[]): Residency | undefined {
  const before = columns.indexOf('FILE');
  const after = columns.length - before - 1;
  const pattern = new RegExp(
    `^ *${'(\\S+) +'.repeat(before)}(\\S.*?)${' +(\\S+)'.repeat(after)} *$`,
  );
  const words = pattern.exec(line)?.slice(1);
  if (words === undefined) return undefined;
  const pages = Number(words[columns.indexOf('PAGES')]);
  const sizes = ['RES', 'SIZE'].filter((name) => columns.includes(name));
  const isSize = (name: string): boolean => bytesOf(words[columns.indexOf(name)]) !== undefined;
  if (!isCount(pages) || !sizes.every(isSize)) return undefined;
  const res = columns.includes('RES') ? bytesOf(words[columns.indexOf('RES')]) : undefined;
  const file = words[before]!.replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return { file, pages, res };
}

function isCount(pages: number): boolean {
  return Number.isInteger(pages) && pages >= 0 && pages < MAX_PAGES;
}

/** `126976`, `124K` or `1.9M`. */
function bytesOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const [, number, unit = 'B'] = /^([\d.]+)([BKMGTPE])?$/.exec(String(value)) ?? [];
  return number === undefined ? undefined : Number(number) * 1024 ** UNITS.indexOf(unit);
}

function profileOf(found: readonly Residency[], source: string): Profile {
  const builder = new ProfileBuilder(source, 'fincore', 'cached');
  for (const { file, pages, res } of found) {
    // RES is the size of the pages in bytes, rounded in output for people.
    const size = res === undefined || pages === 0 ? 0 : 2 ** Math.round(Math.log2(res / pages));
    if (isPageSize(size)) builder.pageSize = size;
    builder.atLeast(absolutePath(file), pages);
  }
  return builder.build();
}
