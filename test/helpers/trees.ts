import type { DeviceNumber } from 'cramfs-format';
import type { DirectoryEntry, FileEntry, SymlinkEntry, TreeEntry } from 'mkcramfs';

/** Permission bits and owner of a test entry. */
export interface Owner {
  mode?: number;
  uid?: number;
  gid?: number;
}

/** A directory of the given children. */
export function directory(children: Record<string, TreeEntry>, owner: Owner = {}): DirectoryEntry {
  return {
    type: 'directory',
    mode: 0o040000 | (owner.mode ?? 0o755),
    uid: owner.uid ?? 0,
    gid: owner.gid ?? 0,
    children: new Map(Object.entries(children)),
  };
}

/** A regular file; text stands for its UTF-8 bytes. */
export function file(content: Uint8Array | string, owner: Owner = {}): FileEntry {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    type: 'file',
    mode: 0o100000 | (owner.mode ?? 0o644),
    uid: owner.uid ?? 0,
    gid: owner.gid ?? 0,
    size: bytes.length,
    read: () => bytes,
  };
}

export function symlink(target: string): SymlinkEntry {
  return { type: 'symlink', mode: 0o120777, uid: 0, gid: 0, target };
}

export function device(type: 'char-device' | 'block-device', rdev: DeviceNumber): TreeEntry {
  return {
    type,
    mode: (type === 'char-device' ? 0o020000 : 0o060000) | 0o600,
    uid: 0,
    gid: 0,
    rdev,
  };
}

export function plain(type: 'fifo' | 'socket'): TreeEntry {
  return { type, mode: (type === 'fifo' ? 0o010000 : 0o140000) | 0o600, uid: 0, gid: 0 };
}

/** Bytes that do not compress, the same for the same seed (xorshift32). */
export function noise(length: number, seed: number): Uint8Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

/** Bytes that compress to about a third, the same for the same seed. */
export function prose(length: number, seed: number): Uint8Array {
  const words = noise(64, seed);
  const picks = noise(length, seed + 1);
  return picks.map((pick, at) => words[(pick % 8) * 8 + (at % 8)]! & 0x7f);
}

/** Every path of a tree with its entry, in the order cramfs walks it. */
export function* treePaths(entry: TreeEntry, path = '/'): Generator<[string, TreeEntry]> {
  yield [path, entry];
  if (entry.type !== 'directory') return;
  for (const name of [...entry.children.keys()].sort()) {
    yield* treePaths(entry.children.get(name)!, path === '/' ? `/${name}` : `${path}/${name}`);
  }
}
