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
  /** Files by their lower inode, as the kernel's inode cache has them. */
  private readonly byLower = new Map<Inode, OverlayInode>();
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
    this.root = new OverlayInode(this, this.takeIno(), { lower, upper });
  }

  takeIno(): number {
    const ino = this.nextIno;
    this.nextIno += 1;
    return ino;
  }

  /**
   * The inode of a name that no directory has looked up yet. Names of one lower inode share it,
   * unless that counts them: hard links break at a copy-up, but the names of a cramfs for the same
   * content are not counted. Compare fs/overlayfs/inode.c:ovl_get_inode(), ovl_hash_bylower().
   */
  inodeOf(layers: Layers): OverlayInode {
    const { lower, upper } = layers;
    const isShared = lower?.isDirectory === false && upper === undefined && lower.links === 1;
    const known = isShared ? this.byLower.get(lower) : undefined;
    if (known !== undefined) return known;
    const inode = new OverlayInode(this, this.takeIno(), layers);
    if (isShared) this.byLower.set(lower, inode);
    return inode;
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

/** What is found in the layers. */
interface Layers {
  readonly lower: Inode | undefined;
  readonly upper: Inode | undefined;
}

/** A place of the tree where a file is, or a directory: struct dentry. */
interface OverlayName {
  readonly parent: OverlayInode;
  readonly name: string;
  /** The upper layer has the name. Compare fs/overlayfs/util.c:ovl_dentry_has_upper_alias(). */
  isUpper: boolean;
}

/** A file or directory of an overlay: the upper one if there is one, else the lower. */
export class OverlayInode extends Inode {
  readonly sb: OverlaySuperBlock;
  /** No pages of its own: those of the real inode are used. */
  readonly mapping: AddressSpace | undefined = undefined;
  /** None for the root; more than one where names share the lower inode. */
  private readonly names: OverlayName[] = [];
  private readonly lower: Inode | undefined;
  private upper: Inode | undefined;
  private readonly entries = new Map<string, OverlayInode>();
  /** Page caches below that areas of this file are of, where those follow a copy-up. */
  private readonly lowerMappings = new Set<AddressSpace>();

  constructor(sb: OverlaySuperBlock, ino: number, { lower, upper }: Layers) {
    const real = upper ?? lower;
    invariant(real !== undefined, 'an overlay inode without a layer');
    // Compare fs/overlayfs/inode.c:ovl_map_ino(): only directories get numbers of their own.
    super(
      real.isDirectory ? ino : real.ino,
      real.isDirectory ? directoryOperations : overlayFileOperations,
    );
    this.sb = sb;
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
    const inode = this.sb.inodeOf({ lower, upper });
    inode.names.push({ parent: this, name, isUpper: upper !== undefined });
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
    doTruncate(this.upper ?? this.copyUp(), size);
  }

  /** Copies up what an open file is of: the file itself, and the name that was opened. */
  copyUpOpened({ path, mount }: OpenFile): Inode {
    const { names } = this;
    if (names.length < 2 || mount === undefined) return this.copyUp();
    const top = mount.path === '/' ? '' : mount.path;
    return this.copyUp(names.find((name) => path === top + pathOf(name)));
  }

  /**
   * Makes the upper file, with the lower one's content as reads give it. Mappings of the lower one
   * stay with it, unless the policy has them follow. A further name of a file that is there becomes
   * a link to it. Compare fs/overlayfs/copy_up.c:ovl_copy_up_flags().
   *
   * @throws SyscallError EROFS if the upper file system became read-only; EOPNOTSUPP.
   */
  copyUp(name = this.names[0]): Inode {
    const { upper, sb } = this;
    if (upper !== undefined && name?.isUpper !== false) return upper;
    invariant(name !== undefined, 'the root of an overlay is an upper directory');
    return sb.upperMount.withWriteAccess(() => {
      const directory = name.parent.copyUp();
      const target = upper ?? this.makeUpper(directory, name);
      if (upper !== undefined) linkUp(directory, name, upper);
      name.isUpper = true;
      return target;
    });
  }

  private makeUpper(directory: Inode, { name }: OverlayName): Inode {
    const source = this.lower!;
    const target = createUpper(directory, name, source.mode);
    if (source.isRegular) this.copyOrUndo(directory, name, target);
    else if (!source.isDirectory) throw new SyscallError('EOPNOTSUPP', 'copy-up of a special file');
    this.upper = target;
    for (const mapping of this.lowerMappings) moveAreas(mapping, this, this.realPath);
    this.lowerMappings.clear();
    this.sb.trace.sink?.({ type: 'copy-up', path: this.path, size: target.size });
    return target;
  }

  /** From the root of the overlay on. */
  get path(): string {
    const [name] = this.names;
    return name === undefined ? '' : pathOf(name);
  }

  override mappedThrough(mapping: AddressSpace): void {
    if (this.upper !== undefined) return;
    mapping.trackAreas();
    this.lowerMappings.add(mapping);
  }

  /** Fills the upper file; nobody sees one that could not be filled. */
  private copyOrUndo(directory: Inode, name: string, target: Inode): void {
    try {
      this.copyData(target);
    } catch (error) {
      directory.unlink?.(name);
      target.evictIfUnused();
      throw error;
    }
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

function pathOf({ parent, name }: OverlayName): string {
  return `${parent.path}/${name}`;
}

/**
 * One more name in the upper layer. How many there are is kept in an extended attribute of the
 * file. Compare fs/overlayfs/copy_up.c:ovl_link_up().
 *
 * @throws SyscallError EOPNOTSUPP, EPERM.
 */
function linkUp(directory: Inode, { name }: OverlayName, upper: Inode): void {
  if (!upper.sb.hasXattrs) throw new SyscallError('EOPNOTSUPP', 'no extended attributes');
  if (directory.link === undefined) throw new SyscallError('EPERM');
  directory.link(name, upper);
}

/** A file or directory of the upper layer. @throws SyscallError EPERM where nothing can be made. */
function createUpper(directory: Inode, name: string, mode: number): Inode {
  if (directory.create === undefined) throw new SyscallError('EPERM');
  return directory.create(name, mode);
}
