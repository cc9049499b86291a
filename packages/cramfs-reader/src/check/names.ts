import {
  CRAMFS_FLAG_SORTED_DIRS,
  CRAMFS_MAXPATHLEN,
  CRAMFS_INODE_SIZE,
  nameToText,
  plural,
} from 'cramfs-format';
import type { CheckContext } from './context.js';
import { pathOf, type CheckedEntry } from './entry.js';
import { hasFsid } from './superblock.js';

/** Bytes of padding after a name that are still right. */
const MAX_PADDING = 3;

/**
 * Checks one name by itself.
 *
 * @param entry with the name without its padding.
 * @param fieldLength bytes of the name field in the image.
 */
export function checkName(context: CheckContext, entry: CheckedEntry, fieldLength: number): void {
  const { findings } = context;
  const { name, inode } = entry;
  const place = { path: () => pathOf(entry), offset: inode.entryOffset };
  if (name === '') {
    findings.add('name-empty', 'a directory entry without a name', place);
  } else if (fieldLength - name.length > MAX_PADDING) {
    const padding = fieldLength - name.length;
    findings.add('name-padding', `${plural(padding, 'byte')} of padding after the name`, place);
  }
  if (name.includes('/')) findings.add('name-slash', 'the name holds a slash', place);
  if (name.includes('\0')) findings.add('name-nul', 'the name holds a NUL', place);
  if (name === '.' || name === '..') {
    findings.add('name-dot', `the name ${name} is a reserved one`, place);
  }
  checkWindow(context, entry);
}

/**
 * Kernel fact K3: on a ROM mount an entry is read through a window of fixed length; past the end of the file
 * system Linux sees zeros in it. Compare fs/cramfs/inode.c:cramfs_direct_read(), cramfs_lookup().
 */
function checkWindow({ findings, image }: CheckContext, entry: CheckedEntry): void {
  const { entryOffset } = entry.inode;
  const windowEnd = entryOffset + CRAMFS_INODE_SIZE + CRAMFS_MAXPATHLEN;
  if (!hasFsid(image) || windowEnd <= image.superblock.size) return;
  findings.add(
    'k3-name-at-image-end',
    `does not exist on a ROM mount: Linux reads ${CRAMFS_INODE_SIZE + CRAMFS_MAXPATHLEN} bytes ` +
      `of its directory entry, of which the image has ${image.superblock.size - entryOffset}`,
    { path: () => pathOf(entry), offset: entryOffset },
  );
}

/**
 * Compares the names of one directory with each other: duplicates, their order, and names that Linux does not
 * find because of the order. Compare fs/cramfs/inode.c:cramfs_lookup(), which gives up at an entry whose
 * first character is greater, or that has the same length and is greater.
 */
export class NameOrder {
  private readonly context: CheckContext;
  private readonly sorted: boolean;
  private readonly seen = new Set<string>();
  private readonly greatestOfLength = new Map<number, string>();
  private greatestStart = '';
  private previous = '';
  private reported = false;

  constructor(context: CheckContext) {
    this.context = context;
    this.sorted = (context.image.superblock.flags & CRAMFS_FLAG_SORTED_DIRS) !== 0;
  }

  add(entry: CheckedEntry): void {
    const { name, inode } = entry;
    const { findings } = this.context;
    if (name === '') return;
    const place = { path: () => pathOf(entry), offset: inode.entryOffset };
    const double = this.seen.has(name);
    this.seen.add(name);
    if (double) findings.add('name-duplicate', 'the directory has this name twice', place);
    if (!this.sorted) return;

    if (name < this.previous && !this.reported) {
      const before = nameToText(this.previous);
      findings.add('name-order', `comes after ${before}, but sorts before it`, place);
      this.reported = true;
    }
    this.previous = name;

    const start = name.charAt(0);
    const greatest = this.greatestOfLength.get(name.length);
    if (!double && (start < this.greatestStart || (greatest !== undefined && name < greatest))) {
      findings.add('name-hidden', 'Linux stops looking for it at an earlier, greater name', place);
    }
    if (start > this.greatestStart) this.greatestStart = start;
    if (greatest === undefined || name > greatest) this.greatestOfLength.set(name.length, name);
  }
}
