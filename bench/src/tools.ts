import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../packages/cli/bin/cramfs.js', import.meta.url));

/** Argument vector of our command line, as a user of a checkout starts it. */
export function cramfs(...args: readonly string[]): string[] {
  return [process.execPath, CLI, ...args];
}

const PEERS = {
  'mkfs.cramfs': { names: ['mkfs.cramfs'], version: '-V' },
  'fsck.cramfs': { names: ['fsck.cramfs'], version: '-V' },
  mksquashfs: { names: ['mksquashfs'], version: '-version' },
  '7z': { names: ['7zz', '7z'], version: 'i' },
} as const;

export type PeerName = keyof typeof PEERS;
export const PEER_NAMES = Object.keys(PEERS) as PeerName[];

/**
 * Path of an installed peer, or undefined. `npm run` puts node_modules/.bin into PATH, and there our
 * own drop-in commands have the peers' names: those do not count.
 */
export function findPeer(name: PeerName): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).concat('/usr/sbin', '/sbin');
  for (const program of PEERS[name].names) {
    for (const directory of directories) {
      const path = join(directory, program);
      if (directory === '' || path.split(sep).includes('node_modules')) continue;
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** The first line of what a peer says about its version. */
export function peerVersion(name: PeerName): string | undefined {
  const path = findPeer(name);
  if (path === undefined) return undefined;
  const { stdout, stderr } = spawnSync(path, [PEERS[name].version], { encoding: 'utf8' });
  return `${stdout}\n${stderr}`
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
