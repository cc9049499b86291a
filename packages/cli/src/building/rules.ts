import { endianness } from 'node:os';
import type { Endianness } from 'cramfs-format';
import { compileGlobs } from 'cramfs-reader/glob';
import type { ModeRule, OwnerRule, TailPolicy } from 'mkcramfs';
import { UsageError } from '../shell/errors.js';
import { oneOf } from '../shell/options.js';

/** The byte order of this machine, which the C tools and `--endian` call `host`. */
export function endiannessOf(name: 'little' | 'big' | 'host'): Endianness {
  if (name !== 'host') return name;
  return endianness() === 'LE' ? 'little' : 'big';
}

/**
 * The policy for each path that `[GLOB=]POLICY` rules make: of several that match, the last wins;
 * the builder's default if none does.
 *
 * @throws UsageError for an unknown policy, CramfsError BAD_REQUEST for a bad glob.
 */
export function tailRules(rules: readonly string[]): (path: string) => TailPolicy | undefined {
  const parsed = rules.map((rule) => {
    const { glob, policy } = splitTailRule(rule);
    return { policy, matches: glob === undefined ? () => true : compileGlobs([glob]) };
  });
  return (path) => parsed.findLast(({ matches }) => matches(path))?.policy;
}

/** @throws UsageError for an unknown policy. */
export function splitTailRule(rule: string): { glob: string | undefined; policy: TailPolicy } {
  const { glob, value } = splitRule(rule);
  return { glob, policy: oneOf('--tail', ['pad', 'share', 'auto'])(value) };
}

/** Ids are 32 bits wide in Linux; the builder checks which of them cramfs can hold. */
const MAX_ID = 0xffffffff;
const MAX_PERMISSIONS = 0o7777;

/**
 * Parses `[GLOB=]UID:GID`; without a glob the rule is for everything. Ids are decimal numbers:
 * names would mean the build host's users, not the target's.
 *
 * @throws UsageError, or CramfsError BAD_REQUEST for a bad glob.
 */
export function parseOwnerRule(text: string): OwnerRule {
  const { glob, value } = splitRule(text);
  const match = /^([0-9]+):([0-9]+)$/.exec(value);
  const uid = Number(match?.[1]);
  const gid = Number(match?.[2]);
  if (match === null || uid > MAX_ID || gid > MAX_ID) {
    throw new UsageError(`--owner cannot be '${text}': use [GLOB=]UID:GID with decimal numbers`);
  }
  return { text, matches: glob === undefined ? () => true : compileGlobs([glob]), uid, gid };
}

/**
 * Parses `GLOB=OCTAL`, for example `/usr/bin/su=4755`.
 *
 * @throws UsageError, or CramfsError BAD_REQUEST for a bad glob.
 */
export function parseModeRule(text: string): ModeRule {
  const { glob, value } = splitRule(text);
  const permissions = /^[0-7]+$/.test(value) ? parseInt(value, 8) : NaN;
  if (glob === undefined || !(permissions <= MAX_PERMISSIONS)) {
    throw new UsageError(`--mode cannot be '${text}': use GLOB=OCTAL, at most 7777`);
  }
  return { text, matches: compileGlobs([glob]), permissions };
}

/** The value follows the last `=`, so that a glob may hold one. */
function splitRule(rule: string): { glob: string | undefined; value: string } {
  const at = rule.lastIndexOf('=');
  return at < 0
    ? { glob: undefined, value: rule }
    : { glob: rule.slice(0, at), value: rule.slice(at + 1) };
}
