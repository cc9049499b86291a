import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { TreeEntry } from 'mkcramfs';

/** Writes directories, files and symlinks of a test tree to `path`; owners are the caller's. */
export function writeTree(entry: TreeEntry, path: string): void {
  switch (entry.type) {
    case 'directory':
      mkdirSync(path, { recursive: true });
      for (const [name, child] of entry.children) writeTree(child, `${path}/${name}`);
      break;
    case 'file':
      writeFileSync(path, entry.read() as Uint8Array);
      break;
    case 'symlink':
      symlinkSync(entry.target, path);
      return;
    case 'char-device':
    case 'block-device':
    case 'fifo':
    case 'socket':
      throw new Error(`cannot write a ${entry.type} without root`);
  }
  chmodSync(path, entry.mode & 0o7777);
}
