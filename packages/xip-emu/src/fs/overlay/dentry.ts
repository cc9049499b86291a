import type { OverlayInode } from './inode.js';

/** A name in the tree with its file or directory: what overlayfs adds to struct dentry. */
export interface OverlayDentry {
  parent: OverlayInode;
  name: string;
  readonly inode: OverlayInode;
  /** The upper layer has the name. Compare fs/overlayfs/util.c:ovl_dentry_has_upper_alias(). */
  hasUpperAlias: boolean;
  /** Nothing in the lower layers is visible there. Compare ovl_dentry_is_opaque(). */
  isOpaque: boolean;
}

/** d_drop(): the name has to be looked up again. */
export function dropDentry(dentry: OverlayDentry): void {
  const { parent, name, inode } = dentry;
  if (parent.entries.get(name) === dentry) parent.entries.delete(name);
  const at = inode.dentries.indexOf(dentry);
  if (at >= 0) inode.dentries.splice(at, 1);
}
