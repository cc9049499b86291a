import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { bytesToName, crc32, formatMode, nameToText } from 'cramfs-format';

export interface TreeComparison {
  /** Compare uid and gid as well. Default false: without root nobody can restore them. */
  readonly owners?: boolean;
  /** Compare permission bits. Default true. */
  readonly modes?: boolean;
  /** Paths (byte strings, no leading slash) that are left out together with what is below. */
  readonly except?: (path: string) => boolean;
}

/**
 * What two directories on disk differ in, one line per difference; empty if they are equal. Names
 * are compared byte by byte; types, permissions, sizes, contents, symlink targets, device numbers
 * and (optionally) owners are compared, times and hard links are not: cramfs has none.
 *
 *     expect(treeDifferences(source, extracted)).toEqual([]);
 */
export function treeDifferences(
  expected: string,
  actual: string,
  comparison: TreeComparison = {},
): string[] {
  const before = describeTree(expected, comparison);
  const after = describeTree(actual, comparison);
  const differences: string[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === now) continue;
    differences.push(`${nameToText(path)}: ${old ?? 'missing'} -> ${now ?? 'missing'}`);
  }
  return differences;
}

/** One line for everything below `root` (which itself is `.`), by path as a byte string. */
export function describeTree(root: string, comparison: TreeComparison = {}): Map<string, string> {
  const lines = new Map<string, string>();
  const { except = () => false } = comparison;
  const visit = (path: Buffer, name: string): void => {
    const stats = lstatSync(path);
    lines.set(name, describeEntry(path, stats, comparison));
    if (!stats.isDirectory()) return;
    for (const child of readdirSync(path, { encoding: 'buffer' })) {
      const childName = `${name === '.' ? '' : `${name}/`}${bytesToName(child)}`;
      if (!except(childName)) visit(Buffer.concat([path, Buffer.from('/'), child]), childName);
    }
  };
  visit(Buffer.from(root), '.');
  return lines;
}

function describeEntry(path: Buffer, stats: Stats, comparison: TreeComparison): string {
  const { modes = true, owners = false } = comparison;
  const mode = formatMode(stats.mode);
  // The permissions of a symlink do not matter: Linux always shows 0777.
  const permissions = modes && !stats.isSymbolicLink() ? mode : mode.charAt(0);
  const owner = owners ? ` ${stats.uid}:${stats.gid}` : '';
  return `${permissions}${owner}${describeContent(path, stats)}`;
}

function describeContent(path: Buffer, stats: Stats): string {
  if (stats.isFile()) {
    return ` ${stats.size} bytes, crc ${crc32(readFileSync(path)).toString(16)}`;
  }
  if (stats.isSymbolicLink()) {
    return ` -> ${nameToText(bytesToName(readlinkSync(path, { encoding: 'buffer' })))}`;
  }
  return stats.isCharacterDevice() || stats.isBlockDevice() ? ` device ${stats.rdev}` : '';
}
