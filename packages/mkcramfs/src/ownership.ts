import { CramfsError, typeBits } from 'cramfs-format';
import { compileGlobs, type PathMatcher } from 'cramfs-reader/glob';
import type { DirectoryEntry, Problem } from './tree.js';
import { walkTree } from './walk.js';

/** Gives every entry whose path matches an owner. */
export interface OwnerRule {
  readonly text: string;
  readonly matches: PathMatcher;
  readonly uid: number;
  readonly gid: number;
}

/** Gives every entry whose path matches, symbolic links excepted, permission bits. */
export interface ModeRule {
  readonly text: string;
  readonly matches: PathMatcher;
  /** At most 07777. */
  readonly permissions: number;
}

export interface OwnershipOptions {
  /** Give everything to 0:0 before the rules apply (mkcramfs -q). */
  readonly squash?: boolean;
  readonly owners?: readonly OwnerRule[];
  readonly modes?: readonly ModeRule[];
}

/** Ids are 32 bits wide in Linux; which of them cramfs can hold is fitTree()'s business. */
const MAX_ID = 0xffffffff;
const MAX_PERMISSIONS = 0o7777;

/**
 * Parses `[GLOB=]UID:GID`; without a glob the rule is for everything. Ids are decimal numbers:
 * names would mean the build host's users, not the target's.
 *
 * @throws CramfsError BAD_REQUEST
 */
export function parseOwnerRule(text: string): OwnerRule {
  const { glob, value } = splitRule(text);
  const match = /^([0-9]+):([0-9]+)$/.exec(value);
  const uid = Number(match?.[1]);
  const gid = Number(match?.[2]);
  if (match === null || uid > MAX_ID || gid > MAX_ID) {
    throw new CramfsError(
      'BAD_REQUEST',
      `bad owner rule '${text}': expected [GLOB=]UID:GID with decimal numbers`,
    );
  }
  return { text, matches: glob === undefined ? () => true : compileGlobs([glob]), uid, gid };
}

/**
 * Parses `GLOB=OCTAL`, for example `/usr/bin/su=4755`.
 *
 * @throws CramfsError BAD_REQUEST
 */
export function parseModeRule(text: string): ModeRule {
  const { glob, value } = splitRule(text);
  const permissions = /^[0-7]+$/.test(value) ? parseInt(value, 8) : NaN;
  if (glob === undefined || !(permissions <= MAX_PERMISSIONS)) {
    throw new CramfsError(
      'BAD_REQUEST',
      `bad mode rule '${text}': expected GLOB=MODE with an octal mode up to 7777`,
    );
  }
  return { text, matches: compileGlobs([glob]), permissions };
}

/** The value stands behind the last `=`, so that a glob may hold one. */
function splitRule(text: string): { glob: string | undefined; value: string } {
  const at = text.lastIndexOf('=');
  return at < 0
    ? { glob: undefined, value: text }
    : { glob: text.slice(0, at), value: text.slice(at + 1) };
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
    // As with chmod(1): the permission bits of a symbolic link mean nothing.
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
