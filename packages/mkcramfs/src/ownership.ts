import { typeBits } from 'cramfs-format';
import type { PathMatcher } from 'cramfs-reader/glob';
import type { DirectoryEntry, Problem } from './tree.js';
import { walkTree } from './walk.js';

/** Gives every entry whose path matches an owner. */
export interface OwnerRule {
  /** What messages call the rule. */
  readonly text: string;
  readonly matches: PathMatcher;
  readonly uid: number;
  readonly gid: number;
}

/** Gives every entry whose path matches, symbolic links excepted, permission bits. */
export interface ModeRule {
  /** What messages call the rule. */
  readonly text: string;
  readonly matches: PathMatcher;
  /** Permission bits, at most 07777. */
  readonly permissions: number;
}

export interface OwnershipOptions {
  /** Give everything to 0:0 before the rules apply (mkcramfs -q). */
  readonly squash?: boolean;
  readonly owners?: readonly OwnerRule[];
  readonly modes?: readonly ModeRule[];
}

/**
 * Changes owners and modes in place. Where several rules match, the last one wins.
 *
 * @returns a warning for each rule that matched nothing: most likely a mistyped glob.
 */
export function applyOwnership(root: DirectoryEntry, options: OwnershipOptions): Problem[] {
  const { squash = false, owners = [], modes = [] } = options;
  if (!squash && owners.length === 0 && modes.length === 0) return [];
  const used = new Set<OwnerRule | ModeRule>();
  for (const { path, entry } of walkTree(root)) {
    if (squash) {
      entry.uid = 0;
      entry.gid = 0;
    }
    for (const rule of owners) {
      if (!rule.matches(path)) continue;
      used.add(rule);
      entry.uid = rule.uid;
      entry.gid = rule.gid;
    }
    // As in chmod(1): the permission bits of a symbolic link have no meaning.
    if (entry.type === 'symlink') continue;
    for (const rule of modes) {
      if (!rule.matches(path)) continue;
      used.add(rule);
      entry.mode = typeBits(entry.type) | rule.permissions;
    }
  }
  return [...owners, ...modes]
    .filter((rule) => !used.has(rule))
    .map((rule) => ({
      severity: 'warning',
      kind: 'unused',
      path: '/',
      message: `the rule '${rule.text}' matches nothing`,
    }));
}
