import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { noise } from './raw-image.js';

/**
 * CRC-32 of files of the packages that the records are of: busybox 1:1.35.0-4+deb12u1+b1 and libc6
 * 2.36-9+deb12u14. Other versions map other pages.
 */
const RECORDED = {
  armhf: {
    'bin/busybox': 0xfee90b2b,
    'lib/arm-linux-gnueabihf/libc.so.6': 0xcd4f543a,
    'lib/arm-linux-gnueabihf/ld-linux-armhf.so.3': 0x39b09d4c,
  },
  arm64: {
    'bin/busybox': 0x67f372c8,
    'bin/busybox-static': 0x7f1d2c52,
    'lib/aarch64-linux-gnu/libc.so.6': 0xc89d873d,
    'lib/aarch64-linux-gnu/ld-linux-aarch64.so.1': 0x27743fe3,
  },
} as const;

export type DebianTree = keyof typeof RECORDED;

/** What test/fixtures/arm/debian-trees.sh has made. */
const TREES = process.env['CRAMFS_DEBIAN_TREES'] ?? '';

/** Why the tests of a tree cannot be run; undefined if they can. */
export function treeObstacle(name: DebianTree): string | undefined {
  if (TREES === '' || !existsSync(join(TREES, name))) {
    return 'CRAMFS_DEBIAN_TREES names no folder of debian-trees.sh';
  }
  const other = Object.entries(RECORDED[name]).find(
    ([path, crc]) => crc32(readFileSync(join(TREES, name, path))) !== crc,
  );
  return other && `${other[0]} is of another version than the recorded one`;
}

export function treeFile(name: DebianTree, path: string): Uint8Array {
  return readFileSync(join(TREES, name, path));
}

/** Copies a tree to `to`. */
export function copyTree(name: DebianTree, to: string): void {
  cpSync(join(TREES, name), to, { recursive: true, verbatimSymlinks: true });
}

/** Makes /bin and /lib links to what is in /usr, as an installed Debian has them. */
export function mergeUsr(root: string): void {
  for (const name of ['bin', 'lib']) {
    cpSync(join(root, name), join(root, 'usr', name), { recursive: true, verbatimSymlinks: true });
    rmSync(join(root, name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
}

/** Sizes of the data files of the records a16 and a4on16, whose content is not kept. */
const DATA_SIZES = { exact: 131072, mid: 49252, odd: 70001, small: 5000 } as const;

/** /data: files that do not compress, and one that does. */
export function writeData(root: string): void {
  mkdirSync(join(root, 'data'));
  Object.entries(DATA_SIZES).forEach(([name, size], index) => {
    writeFileSync(join(root, 'data', name), noise(size, index + 1));
  });
  writeFileSync(join(root, 'data/text'), 'a line of text\n'.repeat(13334).slice(0, 200_000));
}
