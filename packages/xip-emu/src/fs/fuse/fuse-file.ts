import { invariant } from '../../errno.js';
import type { OpenFile } from '../../vfs/file.js';
import type { FileHandle, FuseOpened } from './protocol.js';

/** struct fuse_file: an open file as kernel and server know it. */
export class FuseFile {
  readonly handle: FileHandle;
  /** FOPEN_* bits. */
  readonly flags: number;
  readonly backingId: number;
  /** How it counts in the inode: IOM_NONE, IOM_CACHED, IOM_UNCACHED. */
  ioMode: 'none' | 'cached' | 'uncached' = 'none';
  /** The backing file, in passthrough mode. */
  passthrough: OpenFile | undefined = undefined;
  /** False if the server has no OPEN: it gets no RELEASE, and there are no modes. */
  readonly opened: boolean;

  constructor({ handle = 0, flags = 0, backingId = 0 }: FuseOpened, opened: boolean) {
    this.handle = handle;
    this.flags = flags;
    this.backingId = backingId;
    this.opened = opened;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}

/** The FUSE state of an open file of FUSE. */
export function fuseFileOf(file: OpenFile): FuseFile {
  const { privateData } = file;
  invariant(privateData instanceof FuseFile, 'an operation of FUSE on a foreign file');
  return privateData;
}
