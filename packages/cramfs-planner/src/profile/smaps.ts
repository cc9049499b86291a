import { isReadOnlyFile, parseProcArea, type ProcArea } from './proc-maps.js';
import { DEFAULT_PAGE_SIZE, isPageSize, lineError, ProfileBuilder } from './profile-builder.js';
import type { Profile } from './profile.js';

/** An area of smaps, with what its lines say. Sizes in bytes. */
export interface SmapsArea extends ProcArea {
  /** Line in the text, from 1 on. */
  readonly line: number;
  /** Rss without private copies; undefined in maps. */
  rss: number | undefined;
  pageSize: number | undefined;
}

/**
 * Parses maps or smaps of processes, one after the other.
 *
 * @param text one character per byte.
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parseAreas(text: string): SmapsArea[] {
  const areas: SmapsArea[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const area = parseProcArea(line);
    if (area !== undefined) {
      areas.push({ ...area, line: index + 1, rss: undefined, pageSize: undefined });
      continue;
    }
    if (line === '') continue;
    const last = areas.at(-1);
    const [, name, value] = /^(\w+): *(\d{1,12})? ?/.exec(line) ?? [];
    if (last === undefined || name === undefined) {
      throw lineError(index + 1, 'not a line of /proc/PID/maps or smaps');
    }
    if (value === undefined) continue;
    if (name === 'Rss') last.rss = Number(value) * 1024;
    if (name === 'Anonymous') last.rss = Math.max(0, (last.rss ?? 0) - Number(value) * 1024);
    if (name === 'KernelPageSize') last.pageSize = Number(value) * 1024;
  }
  return areas;
}

/** Bytes in a page of the kernel; areas of huge pages have larger ones. 4096 if no area tells, as in maps. */
export function pageSizeOf(areas: readonly SmapsArea[]): number {
  let smallest: number | undefined;
  for (const { pageSize } of areas) {
    if (pageSize === undefined || !isPageSize(pageSize)) continue;
    smallest = Math.min(pageSize, smallest ?? pageSize);
  }
  return smallest ?? DEFAULT_PAGE_SIZE;
}

/**
 * Reads smaps: if a read-only area of a file is wholly resident, each of its pages is; otherwise smaps tells
 * how many, but not which.
 *
 * @param text one character per byte.
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parseSmaps(text: string, source: string): Profile {
  const builder = new ProfileBuilder(source, 'smaps', 'mapped');
  const areas = parseAreas(text);
  builder.pageSize = pageSizeOf(areas);
  for (const area of areas) {
    if (area.rss === undefined) throw lineError(area.line, 'the area has no Rss: cut off?');
    if (isReadOnlyFile(area)) addResident(builder, area, area.rss);
  }
  return builder.build();
}

/** Adds an area for which only the number of resident bytes is known. */
export function addResident(
  builder: ProfileBuilder,
  { path, start, end, offset }: { path: string; start: number; end: number; offset: number },
  rss: number,
): void {
  const { pageSize } = builder;
  const pages = Math.ceil((end - start) / pageSize);
  if (rss >= end - start) builder.touch(path, { first: Math.floor(offset / pageSize), pages });
  else builder.atLeast(path, Math.floor(rss / pageSize));
}
