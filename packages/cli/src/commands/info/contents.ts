import type { CramfsImage } from 'cramfs-reader';
import { BlockTally } from '../../render/block-tally.js';
import { programFormat } from '../../render/program-format.js';
import type { Problems } from '../../shell/problems.js';
import { atPath } from '../../shell/report-error.js';

/** The results of a walk through the tree. */
export interface Contents {
  readonly directories: number;
  readonly files: number;
  readonly symlinks: number;
  readonly devices: number;
  readonly fifos: number;
  readonly sockets: number;
  readonly unknown: number;
  /** Bytes of all files and symlinks; shared data counts every time. */
  readonly bytes: number;
  readonly blocks: ReturnType<BlockTally['toJson']>;
  /** Files by the format of programs; names that are one inode count once. */
  readonly programs: Readonly<Record<string, number>>;
}

/** How many programs are examined: a hostile image may have a million of them. */
const MAX_PROGRAMS = 1 << 16;

/** Walks through the whole tree; what cannot be read is reported, and not counted. */
export function tallyContents(image: CramfsImage, problems: Problems): Contents {
  const count = {
    directories: 0,
    files: 0,
    symlinks: 0,
    devices: 0,
    fifos: 0,
    sockets: 0,
    unknown: 0,
  };
  let bytes = 0;
  const tally = new BlockTally();
  const programs = new Map<string, number>();
  const seen = new Set<number>();
  for (const { path, inode } of image.walk(image.root, { onError: problems.add })) {
    count[countName(inode.type)] += 1;
    if (inode.type !== 'file' && inode.type !== 'symlink') continue;
    bytes += inode.size;
    // Names that share an inode share its blocks.
    if (seen.has(inode.ino) || image.unreadable !== undefined) continue;
    seen.add(inode.ino);
    problems.try(() => {
      atPath(path, () => {
        tally.addFile(image, inode);
      });
    });
    if ((inode.mode & 0o111) === 0 || seen.size > MAX_PROGRAMS) continue;
    const kind = programFormat(image, inode)?.kind;
    if (kind !== undefined) programs.set(kind, (programs.get(kind) ?? 0) + 1);
  }
  return { ...count, bytes, blocks: tally.toJson(), programs: Object.fromEntries(programs) };
}

function countName(type: CramfsImage['root']['type']) {
  switch (type) {
    case 'file':
      return 'files';
    case 'directory':
      return 'directories';
    case 'symlink':
      return 'symlinks';
    case 'char-device':
    case 'block-device':
      return 'devices';
    case 'fifo':
      return 'fifos';
    case 'socket':
      return 'sockets';
    case undefined:
      return 'unknown';
  }
}
