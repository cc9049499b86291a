import { parseProcArea, type ProcArea } from 'cramfs-planner';
import { InputError } from '../../shell/errors.js';

/** An area as a board's kernel shows it in /proc/PID/maps or smaps. */
export interface BoardArea extends ProcArea {
  /** Bytes; undefined in maps. */
  readonly rss: number | undefined;
  /** Undefined in maps. */
  readonly vmFlags: string | undefined;
}

/**
 * Parses a saved /proc/PID/maps or smaps.
 *
 * @param text one character per byte.
 * @throws InputError if there are no areas.
 */
export function parseBoardMaps(text: string): BoardArea[] {
  const areas: BoardArea[] = [];
  for (const line of text.split(/\r?\n/)) {
    const area = parseProcArea(line);
    if (area !== undefined) {
      areas.push({ ...area, rss: undefined, vmFlags: undefined });
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
