import { formatMode, nameToText } from 'cramfs-format';
import type { DirectoryEntry } from 'mkcramfs';
import { treePaths } from './trees.js';

/**
 * A tree as lines: `-rw-r--r-- 0:0 /path` and then a device's number, a link's target or a file's
 * content (its beginning, as text).
 */
export async function listTree(root: DirectoryEntry): Promise<string[]> {
  const lines: string[] = [];
  for (const [path, entry] of treePaths(root)) {
    let line = `${formatMode(entry.mode)} ${entry.uid}:${entry.gid} ${nameToText(path)}`;
    if ('rdev' in entry) line += ` ${entry.rdev.major}:${entry.rdev.minor}`;
    if (entry.type === 'symlink') line += ` -> ${nameToText(entry.target)}`;
    if (entry.type === 'file') {
      const bytes = Buffer.from(await entry.read());
      line += ` [${entry.size}] ${nameToText(bytes.toString('latin1', 0, 32))}`;
    }
    lines.push(line.trimEnd());
  }
  return lines;
}
