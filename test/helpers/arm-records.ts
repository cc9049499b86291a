import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const FIXTURES = join(import.meta.dirname, '../fixtures/arm');

/** One test of a boot: see test/fixtures/arm/README.md. */
export interface ArmTest {
  readonly command: string;
  /** Such as `exit:7`, `errno:8`, `signal:11`; undefined: the machine stopped. */
  readonly end: string | undefined;
  readonly lines: readonly string[];
}

/** An area or region of a record. Bytes; the end is exclusive. */
export interface RecordedArea {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  readonly offset: number;
  /** Without the directory that the image was mounted on; may be empty. */
  readonly path: string;
  readonly rss?: number;
  readonly anonymous?: number;
  readonly vmFlags?: string;
}

export function armFixture(name: string): Uint8Array {
  return gunzipSync(readFileSync(join(FIXTURES, `${name}.gz`)));
}

/** The tests of a record, in their order. */
export function armTests(record: string): ArmTest[] {
  return consoleTests(new TextDecoder('latin1').decode(armFixture(`${record}.log`)));
}

/** What a console said, test by test. */
export function consoleTests(text: string): ArmTest[] {
  const tests: ArmTest[] = [];
  let command: string | undefined;
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('@@BEGIN ')) {
      command = line.slice(8);
      lines = [];
    } else if (line.startsWith('@@END') && command !== undefined) {
      tests.push({ command, end: line.slice(6), lines });
      command = undefined;
      lines = [];
    } else lines.push(line);
  }
  if (command !== undefined) tests.push({ command, end: undefined, lines });
  return tests;
}

/** The areas of lines that start with `letter`: M, S or R. */
export function recordedAreas({ lines }: ArmTest, letter: string): RecordedArea[] {
  const areas: { -readonly [K in keyof RecordedArea]: RecordedArea[K] }[] = [];
  for (const line of lines) {
    if (!line.startsWith(`${letter} `)) continue;
    const content = line.slice(2);
    const [, start, end, permissions, offset, path] =
      /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ *(.*)$/.exec(content) ?? [];
    if (start !== undefined) {
      areas.push({
        start: parseInt(start, 16),
        end: parseInt(end!, 16),
        permissions: permissions!,
        offset: parseInt(offset!, 16),
        path: path!.replace(/^\/rom\//, '/'),
      });
      continue;
    }
    const last = areas[areas.length - 1];
    const [, name, value] = /^(Rss|Anonymous|VmFlags): +(.*?)(?: kB)? *$/.exec(content) ?? [];
    if (last === undefined || name === undefined) continue;
    if (name === 'VmFlags') last.vmFlags = value!;
    else if (name === 'Rss') last.rss = Number(value) * 1024;
    else last.anonymous = Number(value) * 1024;
  }
  return areas;
}

/** Pages of the page cache that a test has added, of a record with /proc/vmstat before and after it. */
export function recordedCachePages(tests: readonly ArmTest[], command: string): number {
  const at = tests.findLastIndex((recorded) => recorded.command === command);
  const [before, after] = [tests[at - 1]!, tests[at + 1]!].map(({ lines }) =>
    Number(/^(?:C )?nr_file_pages (\d+)$/m.exec(lines.join('\n'))![1]),
  );
  return after! - before!;
}

/** The files of a tar archive by name; names have at most 100 bytes. */
export function untar(archive: Uint8Array): Map<string, string> {
  const files = new Map<string, string>();
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(archive.subarray(from, from + length)).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8);
    if (text(at + 156, 1) === '0') files.set(text(at, 100), text(at + 512, size));
    at += 512 * (1 + Math.ceil(size / 512));
  }
  return files;
}
