import { bytesToName, nameFieldLength, plural } from 'cramfs-format';
import { makeInode } from '../inode.js';
import { PATH_MAX } from '../walk.js';
import type { CheckContext } from './context.js';
import { pathOf, type CheckedEntry } from './entry.js';
import { checkInode } from './inodes.js';
import { NameOrder, checkName } from './names.js';

/** All directories together may take reads of this many times the image's size before we give up. */
const OVERLAP_BUDGET = 2;

interface OpenDirectory {
  readonly offset: number;
  /** Bytes of the directory's path; 0 for the root. */
  readonly pathLength: number;
  readonly subdirectories: readonly CheckedEntry[];
  next: number;
}

/**
 * Goes through the whole tree: every directory, every entry, every pointer table. Damaged parts are reported
 * and skipped; the rest is still checked.
 */
export function surveyTree(context: CheckContext): void {
  const walk = new TreeWalk(context);
  const root: CheckedEntry = { parent: undefined, name: '', inode: context.image.root };
  count(context, root);
  if (root.inode.type !== 'directory' || root.inode.dataOffset === 0) return;
  walk.run(root);
}

function count({ entries }: CheckContext, { inode }: CheckedEntry): void {
  const type = inode.type ?? 'unknown';
  entries.set(type, (entries.get(type) ?? 0) + 1);
}

class TreeWalk {
  private readonly context: CheckContext;
  /** Data offset of every directory entered, and whether it is one of the current parents. */
  private readonly entered = new Map<number, 'open' | 'done'>();
  private readonly stack: OpenDirectory[] = [];
  private bytes = 0;

  constructor(context: CheckContext) {
    this.context = context;
  }

  run(root: CheckedEntry): void {
    this.enter(root, 0);
    while (this.stack.length > 0) {
      const top = this.stack[this.stack.length - 1]!;
      const child = top.subdirectories[top.next];
      if (child === undefined) {
        this.entered.set(top.offset, 'done');
        this.stack.pop();
      } else {
        top.next += 1;
        this.enter(child, top.pathLength + 1 + child.name.length);
      }
    }
  }

  private enter(dir: CheckedEntry, pathLength: number): void {
    const { findings, image } = this.context;
    const { dataOffset, entryOffset, size } = dir.inode;
    if (size === 0 || dataOffset === 0) return;
    const place = { path: () => pathOf(dir), offset: entryOffset };
    const before = this.entered.get(dataOffset);
    if (before === 'open') {
      findings.add('directory-loop', `the directory at ${dataOffset} contains itself`, place);
      return;
    }
    if (before === 'done') {
      findings.add('directory-shared', `the directory at ${dataOffset} has another path`, place);
      return;
    }
    // The limit also bounds the text of findings: all paths of a deep tree have quadratic size.
    if (pathLength >= PATH_MAX) {
      findings.add('directory-depth', `a path of ${plural(pathLength, 'byte')}`, place);
      return;
    }
    this.bytes += Math.max(0, Math.min(size, image.size - dataOffset));
    if (this.bytes > OVERLAP_BUDGET * image.size) {
      this.context.giveUp('directories');
      return;
    }
    this.entered.set(dataOffset, 'open');
    this.stack.push({ offset: dataOffset, pathLength, subdirectories: this.scan(dir), next: 0 });
  }

  /** Checks the entries of `dir`; returns those that are directories. */
  private scan(dir: CheckedEntry): CheckedEntry[] {
    const { context } = this;
    const { findings, image, extents } = context;
    const { inodes } = image.dialect;
    const { dataOffset, entryOffset, size } = dir.inode;
    const end = dataOffset + size;
    const limit = Math.min(end, image.size);
    if (limit < end) {
      context.lose(dir);
      findings.add(
        'directory-outside',
        `${plural(size, 'byte')} of entries at ${dataOffset} reach beyond the image's end at ${image.size}`,
        { path: () => pathOf(dir), offset: entryOffset },
      );
    }
    if (dataOffset < limit) extents.add('a directory', dir, dataOffset, limit);

    const subdirectories: CheckedEntry[] = [];
    const order = new NameOrder(context);
    for (let at = dataOffset; at < limit;) {
      const nameAt = at + inodes.size;
      if (nameAt > limit) {
        findings.add(
          'directory-size',
          `${limit - at} bytes at the directory's end are too few for an entry`,
          { path: () => pathOf(dir), offset: at },
        );
        break;
      }
      const raw = inodes.decode(image.view, at, image.endianness);
      const next = nameAt + nameFieldLength(raw);
      if (next > limit) {
        findings.add(
          'entry-past-directory',
          `the entry at ${at} reaches beyond its directory's end at ${limit}`,
          { path: () => pathOf(dir), offset: at },
        );
        break;
      }
      const entry: CheckedEntry = {
        parent: dir,
        name: readName(image.bytes, nameAt, next),
        inode: makeInode(raw, at),
      };
      count(context, entry);
      checkName(context, entry, next - nameAt);
      order.add(entry);
      checkInode(context, entry);
      if (entry.inode.type === 'directory') subdirectories.push(entry);
      at = next;
    }
    return subdirectories;
  }
}

/** The name without its padding; empty if it is all padding. */
function readName(bytes: Uint8Array, start: number, end: number): string {
  let last = end;
  while (last > start && bytes[last - 1] === 0) last -= 1;
  return bytesToName(bytes.subarray(start, last));
}
