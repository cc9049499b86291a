import { S_IFDIR } from 'cramfs-format';
import { SyscallError } from '../../errno.js';
import type { PageGeometry } from '../../units.js';
import type { DeviceNumber } from '../../vfs/device.js';
import { FILESYSTEM_MAX_STACK_DEPTH, SuperBlock, type Inode } from '../../vfs/inode.js';
import { NOOP_BDI } from '../../vfs/libfs.js';
import { Mount } from '../../vfs/mount.js';
import { specialOperations } from '../../vfs/special.js';
import { overlayDirectoryOperations, overlayFileOperations } from './file.js';
import { OverlayInode, type OverlayInodeLayers } from './inode.js';
import {
  OVL_XATTR_IMPURE,
  OVL_XATTR_ORIGIN,
  OVL_XATTR_UUID,
  type Layer,
  type LayerInode,
} from './layers.js';
import type { FoundLayers } from './namei.js';
import { WorkDirectory } from './work-directory.js';

/** fs/overlayfs/super.c:OVL_MAX_STACK. */
const MAX_LOWER_LAYERS = 500;

/** struct ovl_fb with a handle of tmpfs, in bytes; other handles are as long here. */
const HANDLE_SIZE = 33;
/** A fixed uuid: the emulator has no randomness. */
const UUID = '\0'.repeat(16);

/** How directories that have a lower part are renamed, and such renames are seen. */
export type RedirectMode = 'on' | 'follow' | 'nofollow';

export interface OverlayOptions {
  /** A directory of the upper file system; default: one that nobody sees. */
  readonly workdir?: Inode | undefined;
  /** Default: `follow`, which "off" means to a kernel as distributions build it. */
  readonly redirectDir?: RedirectMode | undefined;
}

/** The lower file that an upper one was copied from, like a file handle: it outlives a mount. */
const origins = new WeakMap<Inode, Inode>();

/** overlayfs: lower layers and, unless it is read-only, an upper one. */
export class OverlaySuperBlock extends SuperBlock {
  readonly type = 'overlay';
  readOnly: boolean;
  readonly bdi = NOOP_BDI;
  readonly root: OverlayInode;
  /** The uppermost first. */
  readonly layers: readonly Layer[];
  readonly upperMount: Mount | undefined;
  /** True if all layers are in one file system, whose inode numbers are then used. */
  readonly isSameFs: boolean;
  private readonly workDirectory: WorkDirectory | undefined;
  private readonly redirectMode: RedirectMode;
  /** Keyed by the lower inode, or else the upper one, like the kernel's inode cache. */
  private readonly inodes = new Map<Inode, OverlayInode>();
  /** All inodes but the root. */
  private readonly cached = new Set<OverlayInode>();
  /** st_dev of files, by their layer's file system. */
  private readonly pseudoDevices = new Map<SuperBlock, DeviceNumber>();
  private nextIno = 1;

  /**
   * Compare fs/overlayfs/super.c:ovl_fill_super().
   *
   * @param lower the lower directory, or several, the uppermost first.
   * @param upper the upper directory; undefined for a read-only overlay.
   * @throws SyscallError EINVAL for an upper layer that is read-only, a work directory elsewhere, no
   * lower layer or too many, or layers that are stacked file systems of two levels themselves;
   * ENOTDIR.
   */
  constructor(lower: Inode | readonly Inode[], upper?: Inode, options: OverlayOptions = {}) {
    super();
    const lowers = 'sb' in lower ? [lower] : lower;
    if (lowers.length === 0 || lowers.length > MAX_LOWER_LAYERS) {
      throw new SyscallError('EINVAL', 'lower layers: one to 500');
    }
    const all = upper === undefined ? lowers : [upper, ...lowers];
    if (all.some((layer) => !layer.isDirectory)) throw new SyscallError('ENOTDIR');
    if (upper?.sb.readOnly === true)
      throw new SyscallError('EINVAL', 'the upper layer is read-only');
    if (upper?.sb instanceof OverlaySuperBlock) {
      throw new SyscallError('EINVAL', 'the upper layer cannot be an overlay');
    }
    this.stackDepth = Math.max(...all.map(({ sb }) => sb.stackDepth)) + 1;
    if (this.stackDepth > FILESYSTEM_MAX_STACK_DEPTH) {
      throw new SyscallError('EINVAL', 'maximum fs stacking depth exceeded');
    }
    this.layers = lowers.map((root) => ({
      root,
      mount: new Mount('', root.sb, { readOnly: true }),
    }));
    this.isSameFs = new Set(all.map(({ sb }) => sb)).size === 1;
    this.readOnly = upper === undefined;
    const hasXattrs = upper?.sb.hasXattrs ?? true;
    this.redirectMode = hasXattrs ? (options.redirectDir ?? 'follow') : 'nofollow';
    if (upper !== undefined) {
      if (upper.xattrs?.has(OVL_XATTR_UUID) === false) upper.xattrs.set(OVL_XATTR_UUID, UUID);
      this.workDirectory = new WorkDirectory(workDirectoryOf(upper, options.workdir));
      this.upperMount = new Mount('', upper.sb);
    }
    const stack = this.layers.map((layer) => ({ layer, inode: layer.root }));
    this.root = this.newInode(this.takeIno(), { upper, lowers: stack }, true);
  }

  get geometry(): PageGeometry {
    return this.layers[0]!.root.sb.geometry;
  }

  /** redirect_dir=on: directories with a lower part can be renamed. */
  get redirectsDirectories(): boolean {
    return this.redirectMode === 'on';
  }

  get followsRedirects(): boolean {
    return this.redirectMode !== 'nofollow';
  }

  /** @throws SyscallError EROFS without an upper layer. */
  get work(): WorkDirectory {
    if (this.workDirectory === undefined) throw new SyscallError('EROFS');
    return this.workDirectory;
  }

  private takeIno(): number {
    const ino = this.nextIno;
    this.nextIno += 1;
    return ino;
  }

  private newInode(ino: number, layers: OverlayInodeLayers, constIno: boolean): OverlayInode {
    const { mode } = layers.upper ?? layers.lowers[0]!.inode;
    const fops = specialOperations(mode, overlayDirectoryOperations, overlayFileOperations);
    return new OverlayInode(this, ino, layers, constIno, fops);
  }

  /** Between ovl_want_write() and ovl_drop_write(). @throws SyscallError EROFS. */
  withUpperAccess<T>(change: () => T): T {
    if (this.upperMount === undefined) throw new SyscallError('EROFS');
    return this.upperMount.withWriteAccess(change);
  }

  /**
   * The inode of what was found. Names of one lower inode share it, unless that counts them: hard
   * links break at a copy-up, but the names of a cramfs for the same content are not counted.
   * Compare fs/overlayfs/inode.c:ovl_get_inode(), ovl_hash_bylower().
   */
  getInode({
    upper,
    lowers,
    redirect,
  }: Pick<FoundLayers, 'upper' | 'lowers'> & Partial<FoundLayers>): OverlayInode {
    const lower = lowers[0]?.inode;
    const isByLower = lower !== undefined && this.hashesByLower(lower);
    const key = isByLower ? lower : upper;
    const known = key && this.inodes.get(key);
    if (known !== undefined) return known;
    const { isDirectory, ino } = upper ?? lower!;
    const own = isDirectory ? this.takeIno() : isByLower ? lower.ino : ino;
    const inode = this.newInode(own, { upper, lowers, redirect }, isByLower);
    if (key !== undefined) this.inodes.set(key, inode);
    this.cached.add(inode);
    return inode;
  }

  /** The copy of a hard link is found by its upper inode. Compare fs/overlayfs/util.c:ovl_inode_update(). */
  hashUpper(inode: OverlayInode, upper: Inode): void {
    if (!inode.constIno) this.inodes.set(upper, inode);
  }

  private hashesByLower(lower: Inode): boolean {
    return this.upperMount === undefined || lower.isDirectory || lower.links === 1;
  }

  /** Forgets an inode that can no longer be reached. @returns false if it is forgotten already. */
  forget(inode: OverlayInode): boolean {
    for (const key of [inode.lower, inode.upper]) {
      if (key !== undefined && this.inodes.get(key) === inode) this.inodes.delete(key);
    }
    return this.cached.delete(inode);
  }

  /** Remembers what a file was copied from. Compare fs/overlayfs/copy_up.c:ovl_set_origin_fh(). */
  setOrigin(upper: Inode, { inode }: LayerInode): void {
    const isKnown = inode.sb.decodesHandles;
    upper.xattrs?.set(OVL_XATTR_ORIGIN, isKnown ? String(inode.ino).padStart(HANDLE_SIZE) : '');
    if (upper.xattrs !== undefined && isKnown) origins.set(upper, inode);
  }

  /** Compare fs/overlayfs/namei.c:ovl_check_origin(). */
  originOf(upper: Inode): LayerInode | undefined {
    const inode = origins.get(upper);
    const layer = this.layers.find(({ root }) => root.sb === inode?.sb);
    return inode === undefined || layer === undefined ? undefined : { layer, inode };
  }

  /** Compare fs/overlayfs/util.c:ovl_set_impure(). */
  setImpure(directory: Inode): void {
    if (directory.xattrs?.has(OVL_XATTR_IMPURE) === false) {
      directory.xattrs.set(OVL_XATTR_IMPURE, 'y');
    }
  }

  /**
   * The device of the files of a layer; undefined means the upper one. Compare
   * fs/overlayfs/super.c:ovl_get_fsid().
   */
  pseudoDevice(layer: Layer | undefined): DeviceNumber {
    const sb = layer?.root.sb ?? this.upperMount?.sb;
    return (sb && this.pseudoDevices.get(sb)) ?? this.dev;
  }

  override registered(takeDevice: () => DeviceNumber): void {
    super.registered(takeDevice);
    const upper = this.upperMount?.sb;
    if (upper !== undefined) this.pseudoDevices.set(upper, takeDevice());
    for (const { root } of this.layers) {
      if (!this.pseudoDevices.has(root.sb)) this.pseudoDevices.set(root.sb, takeDevice());
    }
  }

  /** The layers below have their own caches. */
  cachedInodes(): Iterable<OverlayInode> {
    return [];
  }

  dropCaches(): void {
    return;
  }

  /** Compare fs/overlayfs/super.c:ovl_reconfigure(). @throws SyscallError EROFS without an upper layer. */
  override reconfigure(readOnly: boolean): void {
    if (!readOnly && this.upperMount === undefined) throw new SyscallError('EROFS');
    if (readOnly && !this.readOnly) this.upperMount?.sb.sync();
    this.readOnly = readOnly;
  }

  override kill(): void {
    for (const { mount } of this.layers) mount.detach();
    this.upperMount?.detach();
  }
}

/** `workdir/work`, empty. Compare fs/overlayfs/super.c:ovl_get_workdir(), ovl_workdir_create(). */
function workDirectoryOf(upper: Inode, workdir: Inode | undefined): Inode {
  if (workdir === undefined) {
    const directory = upper.tmpfile?.(S_IFDIR);
    if (directory === undefined) throw new SyscallError('EINVAL', 'missing workdir');
    return directory;
  }
  if (workdir.sb !== upper.sb || workdir === upper) {
    throw new SyscallError('EINVAL', 'workdir and upperdir: two directories of one mount');
  }
  if (!workdir.isDirectory) throw new SyscallError('ENOTDIR');
  const old = workdir.lookup('work');
  if (old !== undefined) removeTree(workdir, 'work', old);
  if (workdir.mkdir === undefined) throw new SyscallError('EPERM');
  return workdir.mkdir('work', S_IFDIR);
}

function removeTree(parent: Inode, name: string, inode: Inode): void {
  if (!inode.isDirectory) {
    parent.unlink?.(name);
    return;
  }
  for (const entry of inode.readdir?.() ?? []) {
    const isDot = entry.name === '.' || entry.name === '..';
    const below = isDot ? undefined : inode.lookup(entry.name);
    if (below !== undefined) removeTree(inode, entry.name, below);
  }
  parent.rmdir?.(name);
}
