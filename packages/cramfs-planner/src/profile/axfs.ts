import { lineError, absolutePath, MAX_PAGES, ProfileBuilder } from './profile-builder.js';
import type { Profile } from './profile.js';

/** AXFS knows no other size. */
const PAGE_SIZE = 4096;

/** Path, offset and count, each perhaps in quotes, which spreadsheets add at will. */
const ROW = /^(?:"((?:[^"]|"")*)"|([^"].*)),\s*("?)(\d{1,16})\3,\s*("?)(\d{1,16})\5\s*$/;
const HEADER = /^"?path"?,\s*"?offset"?,\s*"?count"?\s*$/i;

/** True for the first line of such a file. */
export function isAxfsLine(line: string): boolean {
  return ROW.test(line) || HEADER.test(line);
}

/**
 * Parses the format that /proc/axfs/volume0 gives and mkfs.axfs takes: a line `path,offset,count` per page.
 * Compare kernel/fs/axfs/axfs_profiling.c:axfs_procfile_read() of AXFS, which writes faults of
 * mappings that are not writable; mkfs.axfs-legacy/mkfs.axfs.c:list_entries().
 *
 * @param text one character per byte.
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parseAxfs(text: string, source: string): Profile {
  const builder = new ProfileBuilder(source, 'axfs', 'mapped');
  builder.pageSize = PAGE_SIZE;
  let isFirst = true;
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (line.trim() === '') continue;
    const isHeader = isFirst && HEADER.test(line);
    isFirst = false;
    if (isHeader) continue;
    const [, quoted, plain, , offsetText, , countText] = ROW.exec(line) ?? [];
    if (offsetText === undefined) {
      throw lineError(index + 1, 'not a page of AXFS: it should be PATH,OFFSET,COUNT');
    }
    const offset = Number(offsetText);
    const count = Number(countText);
    if (offset % PAGE_SIZE !== 0 || offset / PAGE_SIZE >= MAX_PAGES) {
      throw lineError(
        index + 1,
        `offset ${offset} is not a multiple of ${PAGE_SIZE}, or too large`,
      );
    }
    if (count >= MAX_PAGES) throw lineError(index + 1, `count ${count} is too large`);
    const path = absolutePath(quoted?.replaceAll('""', '"') ?? plain!);
    builder.touch(path, { first: offset / PAGE_SIZE, pages: 1, count });
  }
  return builder.build();
}
