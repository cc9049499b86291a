import { InputError } from '../../shell/errors.js';

/** An area as a board's kernel shows it in /proc/PID/maps or smaps. */
export interface BoardArea {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  readonly offset: number;
  /** A byte string; undefined for what is not a file, such as `[stack]`. */
  readonly path: string | undefined;
  /** Bytes; undefined in maps. */
  readonly rss: number | undefined;
  /** Undefined in maps. */
  readonly vmFlags: string | undefined;
}

/** Compare fs/proc/task_mmu.c:show_map_vma(). */
const HEADER =
  /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][psS]) ([0-9a-f]+) [0-9a-f]+:[0-9a-f]+ \d+ *(.*)$/;

/**
 * Parses what was saved of /proc/PID/maps or smaps.
 *
 * @param text one character per byte.
 * @throws InputError if it has no areas.
 */
export function parseBoardMaps(text: string): BoardArea[] {
  const areas: BoardArea[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, start, end, permissions, offset, name] = HEADER.exec(line) ?? [];
    if (start !== undefined) {
      areas.push({
        start: Number.parseInt(start, 16),
        end: Number.parseInt(end!, 16),
        permissions: permissions!,
        offset: Number.parseInt(offset!, 16),
        path: name!.startsWith('/') ? unescaped(name!) : undefined,
        rss: undefined,
        vmFlags: undefined,
      });
      continue;
    }
    const last = areas.at(-1);
    if (last === undefined) continue;
    const [, rss] = /^Rss: +(\d+) kB$/.exec(line) ?? [];
    const [, vmFlags] = /^VmFlags: (.*?) *$/.exec(line) ?? [];
    if (rss !== undefined) areas[areas.length - 1] = { ...last, rss: Number(rss) * 1024 };
    if (vmFlags !== undefined) areas[areas.length - 1] = { ...last, vmFlags };
  }
  if (areas.length === 0) throw new InputError('no area in it: not /proc/PID/maps or smaps');
  return areas;
}

/** seq_path() writes blanks and backslashes in octal. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
