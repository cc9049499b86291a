import { CramfsError, nameToText } from 'cramfs-format';
import { isReadOnlyFile } from './proc-maps.js';
import { ProfileBuilder } from './profile-builder.js';
import type { Profile } from './profile.js';
import { pageSizeOf, parseAreas } from './smaps.js';

const ENTRY_SIZE = 8;
/** Bits in the highest byte of an entry: PM_PRESENT, PM_SWAP and PM_FILE. */
const PRESENT = 0x80;
const SWAP = 0x40;
const FILE = 0x20;

/**
 * Reads from /proc/PID/pagemap, with maps or smaps of the same process, which pages of files are mapped.
 * Private copies do not count: they are anonymous memory. Compare fs/proc/task_mmu.c:pte_to_pagemap_entry().
 *
 * @param entries from address 0 on, as `cat` gives them.
 * @param maps one character per byte.
 * @throws CramfsError BAD_SOURCE.
 */
export function parsePagemap(entries: Uint8Array, maps: string, source: string): Profile {
  const builder = new ProfileBuilder(source, 'pagemap', 'mapped');
  const areas = parseAreas(maps);
  const { length } = entries;
  const pageSize = pageSizeOf(areas);
  builder.pageSize = pageSize;
  const highest = highestByte(entries);
  let before = 0;
  for (const area of areas) {
    const { start, end, offset, line } = area;
    if (start < before || start % pageSize !== 0 || end % pageSize !== 0) {
      const message = `line ${line} of the maps: not an area that follows the one before it`;
      throw new CramfsError('BAD_SOURCE', message);
    }
    before = end;
    if (!isReadOnlyFile(area)) continue;
    const { path } = area;
    if ((end / pageSize) * ENTRY_SIZE > length) {
      const last = ((length / ENTRY_SIZE) * pageSize).toString(16);
      throw new CramfsError(
        'BAD_SOURCE',
        `ends at address 0x${last}, before the end of the mapping of ${nameToText(path)} at ` +
          `0x${start.toString(16)}: cut off, or of another process than the maps before it`,
      );
    }
    for (let page = start / pageSize; page < end / pageSize; page += 1) {
      const flags = entries[page * ENTRY_SIZE + highest]!;
      if ((flags & (PRESENT | SWAP | FILE)) !== (PRESENT | FILE)) continue;
      builder.touch(path, { first: (page * pageSize - start + offset) / pageSize, pages: 1 });
    }
  }
  return builder.build();
}

/**
 * Index of the highest byte of an entry: 7, or 0 if the board is big-endian. The only sign is that the
 * highest bits of page frame numbers are zeros.
 */
function highestByte(entries: Uint8Array): number {
  let votes = 0;
  for (let at = 0; at + ENTRY_SIZE <= entries.length; at += ENTRY_SIZE) {
    const isLittle = (entries[at + 7]! & PRESENT) !== 0 && (entries[at + 6]! & 0x7f) === 0;
    const isBig = (entries[at]! & PRESENT) !== 0 && (entries[at + 1]! & 0x7f) === 0;
    votes += Number(isLittle) - Number(isBig);
  }
  return votes < 0 ? 0 : 7;
}
