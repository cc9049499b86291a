import { S_IFCHR, S_IFDIR, S_IFMT } from 'cramfs-format';
import { SyscallError } from '../../errno.js';
import type { PageGeometry } from '../../units.js';
import type { DeviceNode, DeviceNumber } from '../../vfs/device.js';
import type { FileOperations } from '../../vfs/file.js';
import { Inode, SuperBlock, type DirectoryEntry } from '../../vfs/inode.js';
import { NOOP_BDI, simpleDirectoryOperations } from '../../vfs/libfs.js';
import { specialOperations } from '../../vfs/special.js';
import { VM_FAULT_SIGBUS, type VmOperations } from '../../vfs/vm-area.js';

/** Operations of a mapping of /dev/null, which keeps addresses and has no memory. */
export const nullVmOps: VmOperations = { fault: () => VM_FAULT_SIGBUS };

/**
 * /dev/null. That it can be mapped is how Solaris reserves addresses (mmapobj(2)); Linux's null
 * device gives ENODEV.
 */
const nullFileOperations: FileOperations = {
  readIter: () => 0,
  writeIter: (_file, _position, from) => from.length,
  mmap(_file, vma) {
    vma.ops = nullVmOps;
  },
};

const NULL_NODE: DeviceNode = {
  name: 'null',
  mode: S_IFCHR | 0o666,
  rdev: { major: 1, minor: 3 },
};

export interface DevOptions {
  /** False: `null` is Linux', which can't be mapped. Default: true. */
  readonly mapsNull?: boolean | undefined;
}

/** A devtmpfs: nodes of the machine's devices, and `null`. */
export class DevSuperBlock extends SuperBlock {
  readonly type = 'devtmpfs';
  override readOnly = false;
  readonly bdi = NOOP_BDI;
  readonly root: DevDirectory;

  constructor({ mapsNull = true }: DevOptions = {}) {
    super();
    this.root = new DevDirectory(this, mapsNull);
  }

  get geometry(): PageGeometry {
    return this.devices.geometry;
  }

  cachedInodes(): Iterable<Inode> {
    return [];
  }

  dropCaches(): void {
    return;
  }
}

abstract class DevInode extends Inode {
  readonly sb: DevSuperBlock;
  readonly mode: number;
  readonly size = 0;
  readonly mapping = undefined;

  constructor(sb: DevSuperBlock, ino: number, mode: number, fops: FileOperations) {
    super(ino, fops);
    this.sb = sb;
    this.mode = mode;
  }

  readlink(): string {
    throw new SyscallError('EINVAL');
  }
}

class DevNode extends DevInode {
  private readonly number: DeviceNumber;

  constructor(
    sb: DevSuperBlock,
    ino: number,
    { mode, rdev }: DeviceNode,
    fops = specialOperations(mode, {}, {}),
  ) {
    super(sb, ino, mode, fops);
    this.number = rdev;
  }

  override get rdev(): DeviceNumber {
    return this.number;
  }

  lookup(): undefined {
    return undefined;
  }
}

class DevDirectory extends DevInode {
  private readonly nodes = new Map<string, DevNode>();

  constructor(sb: DevSuperBlock, mapsNull: boolean) {
    super(sb, 1, S_IFDIR | 0o755, simpleDirectoryOperations);
    this.links = 2;
    this.add(NULL_NODE, mapsNull ? nullFileOperations : undefined);
  }

  private add(node: DeviceNode, fops?: FileOperations): void {
    if (this.nodes.has(node.name)) return;
    this.nodes.set(node.name, new DevNode(this.sb, this.nodes.size + 2, node, fops));
  }

  /** Devices come while the machine runs: compare drivers/base/devtmpfs.c:devtmpfs_create_node(). */
  private update(): void {
    for (const node of this.sb.devices.nodes()) this.add(node);
  }

  lookup(name: string): DevNode | undefined {
    this.update();
    return this.nodes.get(name);
  }

  /** The newest first, as in a tmpfs. */
  override readdir(from = 0): DirectoryEntry[] {
    this.update();
    const dots = ['.', '..'].map((name) => ({ name, ino: this.ino, type: S_IFDIR }));
    const nodes = [...this.nodes].reverse().map(([name, { ino, mode }]) => ({
      name,
      ino,
      type: mode & S_IFMT,
    }));
    return [...dots, ...nodes].map((entry, at) => ({ ...entry, next: at + 1 })).slice(from);
  }
}
