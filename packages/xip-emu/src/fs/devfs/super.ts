import { S_IFCHR, S_IFDIR } from 'cramfs-format';
import { SyscallError } from '../../errno.js';
import type { FileOperations } from '../../vfs/file.js';
import { Inode, SuperBlock } from '../../vfs/inode.js';
import { NOOP_BDI, directoryOperations } from '../../vfs/libfs.js';
import { VM_FAULT_SIGBUS, type VmOperations } from '../../vfs/vm-area.js';

/** Of a mapping of /dev/null: it keeps addresses, and has no memory. */
export const nullVmOps: VmOperations = { fault: () => VM_FAULT_SIGBUS };

/**
 * /dev/null. That it can be mapped is how Solaris reserves addresses (mmapobj(2)); Linux' null
 * device gives ENODEV.
 */
const nullFileOperations: FileOperations = {
  readIter: () => 0,
  writeIter: (_file, _position, from) => from.length,
  mmap(_file, vma) {
    vma.ops = nullVmOps;
  },
};

/** A devtmpfs with the one device that the emulator has: `null`. */
export class DevSuperBlock extends SuperBlock {
  readonly type = 'devtmpfs';
  override readOnly = false;
  readonly bdi = NOOP_BDI;
  readonly root: DevInode;

  constructor() {
    super();
    const device = new DevInode(this, 2, S_IFCHR | 0o666, nullFileOperations, new Map());
    const entries = new Map([['null', device]]);
    this.root = new DevInode(this, 1, S_IFDIR | 0o755, directoryOperations, entries);
  }

  cachedInodes(): Iterable<DevInode> {
    return [];
  }

  dropCaches(): void {
    return;
  }
}

class DevInode extends Inode {
  readonly sb: DevSuperBlock;
  readonly mode: number;
  readonly size = 0;
  readonly mapping = undefined;
  private readonly entries: ReadonlyMap<string, DevInode>;

  constructor(
    sb: DevSuperBlock,
    ino: number,
    mode: number,
    fops: FileOperations,
    entries: ReadonlyMap<string, DevInode>,
  ) {
    super(ino, fops);
    this.sb = sb;
    this.mode = mode;
    this.entries = entries;
  }

  lookup(name: string): DevInode | undefined {
    return this.entries.get(name);
  }

  readlink(): string {
    throw new SyscallError('EINVAL');
  }
}
