import { S_IFMT } from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import type { AddressSpace } from '../../vfs/address-space.js';
import { moveAreas } from '../../vfs/backing-file.js';
import type { DeviceNumber } from '../../vfs/device.js';
import type { FileOperations, OpenFile } from '../../vfs/file.js';
import { Inode, type DirectoryEntry, type EntryName } from '../../vfs/inode.js';
import type { Iattr, Kstat } from '../../vfs/kstat.js';
import type { ResolvedPath } from '../../vfs/namei.js';
import { doTruncate } from '../../vfs/truncate.js';
import { copyUp } from './copy-up.js';
import type { OverlayDentry } from './dentry.js';
import { createObject, linkObject, removeObject } from './dir.js';
import type { LayerInode } from './layers.js';
import { isLowerPositive, lookupLayers } from './namei.js';
import { readMerged } from './readdir.js';
import { renameObject } from './rename.js';
import type { OverlaySuperBlock } from './super.js';

export interface OverlayInodeLayers {
  readonly upper: Inode | undefined;
  readonly lowers: readonly LayerInode[];
  readonly redirect?: string | undefined;
}

/** A file or directory of an overlay: the upper one if there is one, else the first lower one. */
export class OverlayInode extends Inode {
  readonly sb: OverlaySuperBlock;
  /** No pages of its own: those of the real inode are used. */
  readonly mapping: AddressSpace | undefined = undefined;
  /** Places of the tree where it is; none for the root, more than one for hard links. */
  readonly dentries: OverlayDentry[] = [];
  /** Lower directories that are merged, or the lower file that it is, or was copied from. */
  readonly lowers: readonly LayerInode[];
  upper: Inode | undefined;
  /** OVL_CONST_INO: it has the number of the lower inode, also after a copy-up. */
  readonly constIno: boolean;
  /** OVL_WHITEOUTS: the upper directory may hold whiteouts. */
  hasWhiteouts: boolean;
  redirect: string | undefined;
  /** The entries that were looked up. */
  readonly entries = new Map<string, OverlayDentry>();
  /** Page caches of real files that this file's areas map, if areas follow a copy-up. */
  private readonly lowerMappings = new Set<AddressSpace>();

  constructor(
    sb: OverlaySuperBlock,
    ino: number,
    { upper, lowers, redirect }: OverlayInodeLayers,
    constIno: boolean,
    fops: FileOperations,
  ) {
    const real = upper ?? lowers[0]?.inode;
    invariant(real !== undefined, 'an overlay inode without a layer');
    super(ino, fops);
    this.sb = sb;
    this.lowers = lowers;
    this.upper = upper;
    // Like a dentry: a file that has lost its names stays while it is known here.
    if (upper !== undefined) upper.opens += 1;
    this.redirect = redirect;
    this.constIno = constIno;
    this.links = real.isDirectory ? 1 : real.links;
    this.hasWhiteouts = real.isDirectory && lowers.length + (upper === undefined ? 0 : 1) > 1;
  }

  /** ovl_inode_lower() */
  get lower(): Inode | undefined {
    return this.lowers[0]?.inode;
  }

  /** ovl_inode_real() */
  get real(): Inode {
    return this.upper ?? this.lowers[0]!.inode;
  }

  /** ovl_path_realdata() */
  get realPath(): ResolvedPath {
    const { upper, sb } = this;
    const mount = upper === undefined ? this.lowers[0]!.layer.mount : sb.upperMount!;
    return { mount, inode: this.real, path: this.path };
  }

  /** OVL_TYPE_MERGE: the directory is made of several. */
  get isMerged(): boolean {
    if (!this.isDirectory) return false;
    return this.upper === undefined ? this.lowers.length > 1 : this.lowers.length > 0;
  }

  /** OVL_TYPE_ORIGIN: it was copied from a lower inode whose number it keeps. */
  get hasOrigin(): boolean {
    return this.upper !== undefined && this.lowers.length > 0 && this.constIno;
  }

  /** Compare fs/overlayfs/dir.c:ovl_type_merge_or_lower(). */
  get isMergedOrLower(): boolean {
    return this.isMerged || this.upper === undefined;
  }

  /** Compare fs/overlayfs/dir.c:ovl_pure_upper(). */
  get isPureUpper(): boolean {
    return this.lowers.length === 0 && !this.hasWhiteouts;
  }

  get mode(): number {
    return this.real.mode;
  }

  get size(): number {
    return this.real.size;
  }

  override get rdev(): DeviceNumber {
    return this.real.rdev;
  }

  override updateAttributes(): void {
    this.real.updateAttributes();
  }

  /** Compare fs/overlayfs/inode.c:ovl_getattr(); xino is off, as by default. */
  override getattr(): Kstat {
    const { sb, isDirectory, upper, lower } = this;
    const stat = this.real.getattr();
    let layer = upper === undefined ? this.lowers[0]!.layer : undefined;
    let { ino } = stat;
    if ((!isDirectory || sb.isSameFs) && this.hasOrigin) {
      const below = lower!.getattr();
      if (isDirectory || below.nlink === 1) {
        layer = this.lowers[0]!.layer;
        ino = below.ino;
      }
    }
    const nlink = this.isMerged ? 1 : stat.nlink;
    if (sb.isSameFs) return { ...stat, nlink, ino, dev: sb.dev };
    if (isDirectory) return { ...stat, nlink, ino: this.ino, dev: sb.dev };
    return { ...stat, nlink, ino, dev: sb.pseudoDevice(layer) };
  }

  lookup(name: string): OverlayInode | undefined {
    const known = this.entries.get(name);
    if (known !== undefined) return known.inode;
    const found = lookupLayers(this, name);
    if (found === undefined) return undefined;
    const inode = this.sb.getInode(found);
    this.add({
      parent: this,
      name,
      inode,
      hasUpperAlias: found.upper !== undefined,
      isOpaque: found.isOpaque,
    });
    return inode;
  }

  /** d_add() */
  add(dentry: OverlayDentry): void {
    dentry.parent.entries.set(dentry.name, dentry);
    dentry.inode.dentries.push(dentry);
  }

  /** The dentry of a name that the VFS has seen. */
  dentry(name: string): OverlayDentry {
    const dentry = this.entries.get(name);
    invariant(dentry !== undefined, 'an entry that the VFS has seen');
    return dentry;
  }

  /** The name by which the user means a file, or else its first one; undefined for the root. */
  dentryAt(path: string | undefined): OverlayDentry | undefined {
    const { dentries } = this;
    return dentries.find((dentry) => pathOf(dentry) === path) ?? dentries[0];
  }

  /** True if a lower layer has the name, so that a whiteout has to hide it. */
  isLowerPositive({ parent, name, inode }: OverlayDentry): boolean {
    return inode.upper === undefined || isLowerPositive(parent, name);
  }

  readlink(): string {
    return this.real.readlink();
  }

  /** A directory of one layer has that layer's positions, a merged one counts its entries. */
  override readdir(from = 0): readonly DirectoryEntry[] {
    if (!this.isMerged && !this.hasWhiteouts) {
      const entries = this.real.readdir?.(from);
      if (entries === undefined) throw new SyscallError('ENOTDIR');
      return entries;
    }
    const { ino } = this.getattr();
    const type = this.mode & S_IFMT;
    const above = this.dentries[0]?.parent.getattr().ino ?? ino;
    const dots = [
      { name: '.', ino, type },
      { name: '..', ino: above, type },
    ];
    const seen = readMerged(this).filter(({ isWhiteout }) => !isWhiteout);
    const entries = seen.map(({ name, inode }) => ({
      name,
      ino: this.lookup(name)?.getattr().ino ?? inode.ino,
      type: inode.mode & S_IFMT,
    }));
    const all = [...dots, ...entries].map((entry, index) => ({ ...entry, next: index + 1 }));
    return all.slice(from);
  }

  override create(name: string, mode: number): OverlayInode {
    return createObject(this, name, (upper, at) => upper.create?.(at, mode));
  }

  override mkdir(name: string, mode: number): OverlayInode {
    return createObject(this, name, (upper, at) => upper.mkdir?.(at, mode));
  }

  override symlink(name: string, target: string): OverlayInode {
    return createObject(this, name, (upper, at) => upper.symlink?.(at, target));
  }

  /** Whiteouts are not made by users. Compare fs/overlayfs/dir.c:ovl_mknod(). */
  override mknod(name: string, mode: number, rdev: DeviceNumber): OverlayInode {
    const isWhiteout = (mode & S_IFMT) === 0o020000 && rdev.major === 0 && rdev.minor === 0;
    if (isWhiteout) throw new SyscallError('EPERM', 'a whiteout');
    return createObject(this, name, (upper, at) => upper.mknod?.(at, mode, rdev));
  }

  override link(name: string, existing: Inode, { parent, name: oldName }: EntryName): void {
    invariant(
      parent instanceof OverlayInode && existing instanceof OverlayInode,
      'a foreign inode',
    );
    linkObject(this, name, parent.dentry(oldName));
  }

  override unlink(name: string): void {
    removeObject(this.dentry(name));
  }

  override rmdir(name: string): void {
    removeObject(this.dentry(name));
  }

  override rename(name: string, newParent: Inode, newName: string, flags: number): void {
    invariant(newParent instanceof OverlayInode, 'a foreign inode');
    renameObject(this.dentry(name), newParent, newName, flags);
  }

  /** Compare fs/overlayfs/inode.c:ovl_setattr(). @throws SyscallError ETXTBSY, EROFS. */
  override setSize(size: number): void {
    const upper = this.copyUp();
    if (upper.writers < 0) throw new SyscallError('ETXTBSY');
    this.sb.withUpperAccess(() => {
      doTruncate(upper, size);
    });
  }

  override setAttributes(attributes: Iattr): void {
    const upper = this.copyUp();
    if (upper.setAttributes === undefined) throw new SyscallError('EPERM');
    this.sb.withUpperAccess(() => {
      upper.setAttributes?.(attributes);
    });
  }

  /**
   * Makes the upper file, if there is none, and that of the name `dentry`. Mappings of the lower one
   * stay with it, unless the policy has them follow.
   *
   * @throws SyscallError EROFS, ENOSPC, EIO, EOPNOTSUPP.
   */
  copyUp(dentry = this.dentries[0], truncates = false): Inode {
    if (dentry === undefined) {
      invariant(
        this.upper !== undefined || this.sb.upperMount === undefined,
        'a root without upper',
      );
      if (this.upper === undefined) throw new SyscallError('EROFS', 'there is no upper layer');
      return this.upper;
    }
    if (this.upper !== undefined && dentry.hasUpperAlias) return this.upper;
    return copyUp(dentry, truncates);
  }

  /** Copies up the inode of an open file and the name by which it was opened. */
  copyUpOpened({ path, mount, truncates }: OpenFile): Inode {
    const top = mount === undefined || mount.path === '/' ? '' : mount.path;
    return this.copyUp(this.dentryAt(path.slice(top.length)), truncates);
  }

  /** Called when the upper file has been made. Compare fs/overlayfs/util.c:ovl_inode_update(). */
  setUpper(upper: Inode): void {
    this.upper = upper;
    upper.opens += 1;
    this.sb.hashUpper(this, upper);
    if (this.isDirectory) this.hasWhiteouts = true;
    for (const mapping of this.lowerMappings) moveAreas(mapping, this, this.realPath);
    this.lowerMappings.clear();
    this.sb.trace.sink?.({
      type: 'copy-up',
      path: this.path,
      size: this.isDirectory ? 0 : upper.size,
    });
  }

  /** The path from the root of the overlay. */
  get path(): string {
    const [dentry] = this.dentries;
    return dentry === undefined ? '' : pathOf(dentry);
  }

  override mappedThrough(mapping: AddressSpace): void {
    if (this.upper !== undefined) return;
    mapping.trackAreas();
    this.lowerMappings.add(mapping);
  }

  /** Forgets the inode when it has neither names nor open files. */
  override evictIfUnused(): void {
    if (this.dentries.length > 0 || this.opens > 0 || !this.sb.forget(this)) return;
    const { upper } = this;
    if (upper === undefined) return;
    upper.opens -= 1;
    upper.evictIfUnused();
  }
}

function pathOf({ parent, name }: OverlayDentry): string {
  return `${parent.path}/${name}`;
}
