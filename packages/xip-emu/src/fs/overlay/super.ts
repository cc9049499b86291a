import { SyscallError, UnmodelledError, invariant } from '../../errno.js';
import type { AddressSpace } from '../../vfs/address-space.js';
import { moveAreas } from '../../vfs/backing-file.js';
import { OpenFile } from '../../vfs/file.js';
import { FILESYSTEM_MAX_STACK_DEPTH, Inode, SuperBlock } from '../../vfs/inode.js';
import { Mount } from '../../vfs/mount.js';
import type { ResolvedPath } from '../../vfs/namei.js';
import { cloneFileRange } from '../../vfs/remap-range.js';
import { doTruncate } from '../../vfs/truncate.js';
import { NOOP_BDI, directoryOperations } from '../../vfs/libfs.js';
import { overlayFileOperations } from './file.js';

/** Copy-up reads and writes in pieces of this size. */
const PIECE = 65536;

/** overlayfs with one lower layer and an upper one. */
export class OverlaySuperBlock extends SuperBlock {
  readonly type = 'overlay';
  readOnly = false;
  readonly bdi = NOOP_BDI;
  readonly root: OverlayInode;
  /** Private mounts of the layers: what happens to their places in the tree is of no matter. */
  readonly lowerMount: Mount;
  readonly upperMount: Mount;
  private nextIno = 1;

  /**
   * Compare fs/overlayfs/super.c:ovl_fill_super().
   *
   * @param upper the upper directory.
   * @throws SyscallError EINVAL for an upper layer that is read-only, or layers that are stacked
   * file systems of two levels themselves.
   */
  constructor(lower: Inode, upper: Inode) {
    super();
    if (upper.sb.readOnly) throw new SyscallError('EINVAL', 'the upper layer is read-only');
    this.stackDepth = Math.max(lower.sb.stackDepth, upper.sb.stackDepth) + 1;
    if (this.stackDepth > FILESYSTEM_MAX_STACK_DEPTH) {
      throw new SyscallError('EINVAL', 'maximum fs stacking depth exceeded');
    }
    this.lowerMount = new Mount('', lower.sb, { readOnly: true });
    this.upperMount = new Mount('', upper.sb);
    this.root = new OverlayInode(this, this.takeIno(), undefined, '', lower, upper);
  }

  takeIno(): number {
    const ino = this.nextIno;
    this.nextIno += 1;
    return ino;
  }

  /** The layers below have their own caches. */
  cachedInodes(): Iterable<OverlayInode> {
    return [];
  }

  dropCaches(): void {
    return;
  }

  override kill(): void {
    this.lowerMount.detach();
    this.upperMount.detach();
  }
}

/** A file or directory of an overlay: the upper one if there is one, else the lower. */
export class OverlayInode extends Inode {
  readonly sb: OverlaySuperBlock;
  /** No pages of its own: those of the real inode are used. */
  readonly mapping: AddressSpace | undefined = undefined;
  private readonly parent: OverlayInode | undefined;
  private readonly name: string;
  private readonly lower: Inode | undefined;
  private upper: Inode | undefined;
  private readonly entries = new Map<string, OverlayInode>();
  /** Page caches below that areas of this file are of, where those follow a copy-up. */
  private readonly lowerMappings = new Set<AddressSpace>();

  constructor(
    sb: OverlaySuperBlock,
    ino: number,
    parent: OverlayInode | undefined,
    name: string,
    lower: Inode | undefined,
    upper: Inode | undefined,
  ) {
    const real = upper ?? lower;
    invariant(real !== undefined, 'an overlay inode without a layer');
    // Compare fs/overlayfs/inode.c:ovl_map_ino(): only directories get numbers of their own.
    super(
      real.isDirectory ? ino : real.ino,
      real.isDirectory ? directoryOperations : overlayFileOperations,
    );
    this.sb = sb;
    this.parent = parent;
    this.name = name;
    this.lower = lower;
    this.upper = upper;
  }

  /** ovl_inode_real() */
  get real(): Inode {
    return this.upper ?? this.lower!;
  }

  /** ovl_path_realdata() */
  get realPath(): ResolvedPath {
    const { lowerMount, upperMount } = this.sb;
    const mount = this.upper === undefined ? lowerMount : upperMount;
    return { mount, inode: this.real, path: this.path };
  }

  get mode(): number {
    return this.real.mode;
  }

  get size(): number {
    return this.real.size;
  }

  override updateAttributes(): void {
    this.real.updateAttributes();
  }

  lookup(name: string): OverlayInode | undefined {
    const known = this.entries.get(name);
    if (known !== undefined) return known;
    const upper = this.upper?.lookup(name);
    const below = this.lower?.isDirectory === true ? this.lower.lookup(name) : undefined;
    // Whiteouts are not there: nothing can be removed yet. Only directories are merged.
    const hidden = upper !== undefined && !upper.isDirectory;
    const lower = hidden ? undefined : below;
    if (upper === undefined && lower === undefined) return undefined;
    const inode = new OverlayInode(this.sb, this.sb.takeIno(), this, name, lower, upper);
    this.entries.set(name, inode);
    return inode;
  }

  readlink(): string {
    return this.real.readlink();
  }

  /** Compare fs/overlayfs/dir.c:ovl_create_upper(). */
  override create(name: string, mode: number): OverlayInode {
    createUpper(this.copyUp(), name, mode);
    return this.lookup(name)!;
  }

  override mkdir(name: string, mode: number): OverlayInode {
    return this.create(name, mode);
  }

  override symlink(name: string, target: string): OverlayInode {
    const directory = this.copyUp();
    if (directory.symlink === undefined) throw new SyscallError('EPERM');
    directory.symlink(name, target);
    return this.lookup(name)!;
  }

  /** Not emulated: it needs whiteouts where the lower layer has the name. */
  override unlink(): never {
    throw new UnmodelledError('unlink in an overlay');
  }

  override rmdir(): never {
    throw new UnmodelledError('rmdir in an overlay');
  }

  override rename(): never {
    throw new UnmodelledError('rename in an overlay');
  }

  override link(): never {
    throw new UnmodelledError('link in an overlay');
  }

  /** Compare fs/overlayfs/inode.c:ovl_setattr(). */
  override setSize(size: number): void {
    doTruncate(this.copyUp(), size);
  }

  /**
   * Makes the upper file, with the lower one's content as reads give it. Mappings of the lower one
   * stay with it, unless the policy has them follow. Compare
   * fs/overlayfs/copy_up.c:ovl_copy_up_flags().
   *
   * @throws SyscallError EROFS if the upper file system became read-only.
   */
  copyUp(): Inode {
    return this.upper ?? this.sb.upperMount.withWriteAccess(() => this.makeUpper());
  }

  private makeUpper(): Inode {
    const directory = this.parent?.copyUp();
    invariant(directory !== undefined, 'the root of an overlay is an upper directory');
    const source = this.lower!;
    const target = createUpper(directory, this.name, source.mode);
    if (source.isRegular) this.copyData(target);
    else if (!source.isDirectory) throw new SyscallError('EOPNOTSUPP', 'copy-up of a special file');
    this.upper = target;
    for (const mapping of this.lowerMappings) moveAreas(mapping, this, this.realPath);
    this.lowerMappings.clear();
    this.sb.trace.sink?.({ type: 'copy-up', path: this.path, size: target.size });
    return target;
  }

  /** From the root of the overlay on. */
  private get path(): string {
    const above = this.parent?.path ?? '';
    return this.parent === undefined ? '' : `${above}/${this.name}`;
  }

  override mappedThrough(mapping: AddressSpace): void {
    if (this.upper !== undefined) return;
    mapping.trackAreas();
    this.lowerMappings.add(mapping);
  }

  /** Shares the blocks if it can. Compare fs/overlayfs/copy_up.c:ovl_copy_up_file(). */
  private copyData(target: Inode): void {
    const from = OpenFile.open(this.realPath);
    const to = new OpenFile(target, '', { writable: true, mount: this.sb.upperMount });
    try {
      if (from.inode.sb === target.sb && from.fops.remapFileRange !== undefined) {
        cloneFileRange(from, to, {});
        return;
      }
      const buffer = new Uint8Array(PIECE);
      for (let at = 0; at < this.size;) {
        const got = from.fops.readIter?.(from, at, buffer) ?? 0;
        if (got === 0) throw new SyscallError('EIO', 'copy-up cannot read the lower file');
        to.fops.writeIter?.(to, at, buffer.subarray(0, got));
        at += got;
      }
    } finally {
      to.put();
      from.put();
    }
  }
}

/** A file or directory of the upper layer. @throws SyscallError EPERM where nothing can be made. */
function createUpper(directory: Inode, name: string, mode: number): Inode {
  if (directory.create === undefined) throw new SyscallError('EPERM');
  return directory.create(name, mode);
}
