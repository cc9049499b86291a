import type { Inode } from '../../vfs/inode.js';
import type { Mount } from '../../vfs/mount.js';
import { WHITEOUT_MODE } from '../../vfs/simple-inode.js';
import { S_IFMT } from 'cramfs-format';

/** A lower layer: struct ovl_layer. Its mount is private, so its place in the tree doesn't matter. */
export interface Layer {
  readonly mount: Mount;
  readonly root: Inode;
}

/** A file or directory of a lower layer: struct ovl_path. */
export interface LayerInode {
  readonly layer: Layer;
  readonly inode: Inode;
}

// fs/overlayfs/overlayfs.h: extended attributes of the upper layer.
const PREFIX = 'trusted.overlay.';
/** "y": the directory hides all lower ones. */
export const OVL_XATTR_OPAQUE = `${PREFIX}opaque`;
/** Where the lower directory is, if it has another name there. */
export const OVL_XATTR_REDIRECT = `${PREFIX}redirect`;
/** Which lower file it was copied from. */
export const OVL_XATTR_ORIGIN = `${PREFIX}origin`;
/** "y": the directory may hold files that were copied up. */
export const OVL_XATTR_IMPURE = `${PREFIX}impure`;

/** On the upper directory: the number of the overlay file system. */
export const OVL_XATTR_UUID = `${PREFIX}uuid`;

/** True for the attributes that overlayfs keeps for itself. */
export function isPrivateXattr(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** A character device 0:0 hides what lower layers have. Compare fs/overlayfs/util.c:ovl_path_is_whiteout(). */
export function isWhiteout(inode: Inode | undefined): boolean {
  if (inode === undefined || (inode.mode & S_IFMT) !== WHITEOUT_MODE) return false;
  return inode.rdev.major === 0 && inode.rdev.minor === 0;
}

export function isOpaque(inode: Inode): boolean {
  return inode.xattrs?.get(OVL_XATTR_OPAQUE) === 'y';
}
