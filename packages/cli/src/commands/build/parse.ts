import { endianness } from 'node:os';
import type { Endianness } from 'cramfs-format';
import { compileGlobs } from 'cramfs-reader/glob';
import type { TailPolicy } from 'mkcramfs';
import { oneOf } from '../../shell/options.js';

/** What the C tools and `--endian` call `host` is the byte order of this machine. */
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
  const at = rule.lastIndexOf('=');
  const policy = oneOf('--tail', ['pad', 'share', 'auto'])(rule.slice(at + 1));
  return { glob: at < 0 ? undefined : rule.slice(0, at), policy };
}
