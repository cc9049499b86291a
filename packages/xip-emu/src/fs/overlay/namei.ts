import { SyscallError } from '../../errno.js';
import type { Inode } from '../../vfs/inode.js';
import type { OverlayInode } from './inode.js';
import { OVL_XATTR_REDIRECT, isOpaque, isWhiteout, type LayerInode } from './layers.js';

/** What the layers have under a name. */
export interface FoundLayers {
  readonly upper: Inode | undefined;
  /** For a directory, all that are merged; for a file, the one that is visible, or was copied up. */
  readonly lowers: readonly LayerInode[];
  /** Nothing in the lower layers is visible. */
  readonly isOpaque: boolean;
  /** Where the lower directories are, if not at the same name. */
  readonly redirect: string | undefined;
}

/** struct ovl_lookup_data: what one layer has decided for those below. */
interface Search {
  name: string;
  isDirectory: boolean;
  stop: boolean;
  isOpaque: boolean;
  redirect: string | undefined;
}

/**
 * Looks a name up in all layers. Only directories are merged; a whiteout, an opaque directory or
 * something else than a directory ends the search. Compare fs/overlayfs/namei.c:ovl_lookup().
 *
 * @returns undefined if no layer has it, or it is hidden.
 * @throws SyscallError EIO and the like; EPERM for a redirect that is not followed.
 */
export function lookupLayers(parent: OverlayInode, name: string): FoundLayers | undefined {
  const { sb } = parent;
  const search: Search = {
    name,
    isDirectory: false,
    stop: false,
    isOpaque: false,
    redirect: undefined,
  };
  const upper = parent.upper === undefined ? undefined : lookupSingle(parent.upper, search);
  const upperOpaque = search.isOpaque;
  const upperRedirect = search.redirect;
  const lowers: LayerInode[] = [];
  let stack: readonly LayerInode[] = search.name.startsWith('/') ? sb.root.lowers : parent.lowers;
  for (let at = 0; at < stack.length && !search.stop; at += 1) {
    const { layer, inode: directory } = stack[at]!;
    const isAbsolute = search.name.startsWith('/');
    const inode = isAbsolute ? lookupAbsolute(layer.root, search) : lookupSingle(directory, search);
    if (inode === undefined) continue;
    if (search.redirect !== undefined && !sb.followsRedirects) {
      throw new SyscallError('EPERM', 'a redirect is not followed');
    }
    lowers.push({ layer, inode });
    if (!isAbsolute && search.name.startsWith('/') && stack !== sb.root.lowers) {
      stack = sb.root.lowers;
      at = stack.findIndex((root) => root.layer === layer);
    }
  }
  if (upper === undefined && lowers.length === 0) return undefined;
  if (upper !== undefined && !upper.isDirectory) {
    const origin = sb.originOf(upper);
    if (origin !== undefined) lowers.push(origin);
  }
  return { upper, lowers, isOpaque: upperOpaque, redirect: upperRedirect };
}

/** One layer. Compare fs/overlayfs/namei.c:ovl_lookup_single(). */
function lookupSingle(directory: Inode, search: Search): Inode | undefined {
  const inode = directory.lookup(search.name);
  if (inode === undefined) return undefined;
  if (isWhiteout(inode)) {
    search.stop = search.isOpaque = true;
    return undefined;
  }
  if (!inode.isDirectory) {
    search.stop = true;
    return search.isDirectory ? undefined : inode;
  }
  search.isDirectory = true;
  if (isOpaque(inode)) {
    search.stop = search.isOpaque = true;
    return inode;
  }
  const redirect = inode.xattrs?.get(OVL_XATTR_REDIRECT);
  if (redirect !== undefined) {
    search.redirect = redirect;
    search.name = redirect;
  }
  return inode;
}

/** An absolute redirect, from the root of a layer on. Compare fs/overlayfs/namei.c:ovl_lookup_layer(). */
function lookupAbsolute(root: Inode, search: Search): Inode | undefined {
  const names = search.name.split('/').filter((name) => name !== '');
  const last = names.pop();
  if (last === undefined) return undefined;
  let directory: Inode | undefined = root;
  for (const name of names) {
    directory = directory.lookup(name);
    if (directory?.isDirectory !== true) return undefined;
  }
  const whole = search.name;
  search.name = last;
  const inode = lookupSingle(directory, search);
  if (search.name === last) search.name = whole;
  return inode;
}

/**
 * True if a lower layer has the name: what is removed needs a whiteout. Compare
 * fs/overlayfs/namei.c:ovl_lower_positive().
 */
export function isLowerPositive(parent: OverlayInode, name: string): boolean {
  for (const { inode } of parent.lowers) {
    const below = inode.lookup(name);
    if (below !== undefined) return !isWhiteout(below);
  }
  return false;
}
