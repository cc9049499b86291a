import { endianness } from 'node:os';
import type { Endianness } from 'cramfs-format';
import { compileGlobs } from 'cramfs-reader/glob';
import type { TailPolicy } from 'mkcramfs';
import { oneOf } from '../options.js';

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
    const at = rule.lastIndexOf('=');
    const policy = oneOf('--tail', ['pad', 'share', 'auto'])(rule.slice(at + 1));
    return { policy, matches: at < 0 ? () => true : compileGlobs([rule.slice(0, at)]) };
  });
  return (path) => parsed.findLast(({ matches }) => matches(path))?.policy;
}
