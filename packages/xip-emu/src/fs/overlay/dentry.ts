import type { OverlayInode } from './inode.js';

/** A place of the tree where a file or directory is: struct dentry, as far as overlayfs adds to it. */
export interface OverlayDentry {
  parent: OverlayInode;
  name: string;
  readonly inode: OverlayInode;
  /** The upper layer has the name. Compare fs/overlayfs/util.c:ovl_dentry_has_upper_alias(). */
  hasUpperAlias: boolean;
  /** Nothing of the lower layers is seen there. Compare ovl_dentry_is_opaque(). */
  isOpaque: boolean;
}

/** d_drop(): the name has to be looked up anew. */
export function dropDentry(dentry: OverlayDentry): void {
  const { parent, name, inode } = dentry;
  if (parent.entries.get(name) === dentry) parent.entries.delete(name);
  const at = inode.dentries.indexOf(dentry);
  if (at >= 0) inode.dentries.splice(at, 1);
}
