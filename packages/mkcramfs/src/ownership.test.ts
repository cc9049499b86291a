import { compileGlobs } from 'cramfs-reader/glob';
import { describe, expect, test } from 'vitest';
import { device, directory, file, plain, symlink } from '../../../test/helpers/trees.js';
import { listTree } from '../../../test/helpers/tree-listing.js';
import { applyOwnership, type ModeRule, type OwnerRule } from './ownership.js';
import type { DirectoryEntry } from './tree.js';

function sample(): DirectoryEntry {
  return directory(
    {
      bin: directory({ su: file('su', { uid: 5, gid: 6, mode: 0o755 }), link: symlink('su') }),
      dev: directory({ null: device('char-device', { major: 1, minor: 3 }), p: plain('fifo') }),
      '\xff\n': file('odd', { uid: 70000, gid: 300 }),
    },
    { uid: 1000, gid: 1000 },
  );
}

function owner(glob: string, uid: number, gid: number): OwnerRule {
  return { text: `${glob}=${uid}:${gid}`, matches: compileGlobs([glob]), uid, gid };
}

function mode(glob: string, permissions: number): ModeRule {
  return { text: `${glob}=${permissions.toString(8)}`, matches: compileGlobs([glob]), permissions };
}

describe('applyOwnership', () => {
  test('squash gives everything to root and leaves the rest', async () => {
    const tree = sample();
    expect(applyOwnership(tree, { squash: true })).toEqual([]);
    expect(await listTree(tree)).toEqual([
      'drwxr-xr-x 0:0 /',
      'drwxr-xr-x 0:0 /bin',
      'lrwxrwxrwx 0:0 /bin/link -> su',
      '-rwxr-xr-x 0:0 /bin/su [2] su',
      'drwxr-xr-x 0:0 /dev',
      'crw------- 0:0 /dev/null 1:3',
      'prw------- 0:0 /dev/p',
      '-rw-r--r-- 0:0 /\\xff\\x0a [3] odd',
    ]);
  });

  test('rules come after squash, and the last one wins', async () => {
    const tree = sample();
    const problems = applyOwnership(tree, {
      squash: true,
      owners: [owner('/bin/**', 2, 2), owner('/bin/su', 3, 3), owner('/\\\\xff*', 4, 4)],
      modes: [mode('/bin/*', 0o700), mode('su', 0o4711), mode('/dev/*', 0o666)],
    });
    expect(problems).toEqual([]);
    expect(await listTree(tree)).toEqual([
      'drwxr-xr-x 0:0 /',
      'drwxr-xr-x 2:2 /bin',
      'lrwxrwxrwx 2:2 /bin/link -> su',
      '-rws--x--x 3:3 /bin/su [2] su',
      'drwxr-xr-x 0:0 /dev',
      'crw-rw-rw- 0:0 /dev/null 1:3',
      'prw-rw-rw- 0:0 /dev/p',
      '-rw-r--r-- 4:4 /\\xff\\x0a [3] odd',
    ]);
  });

  test('warns of rules that match nothing, symbolic links do not count for modes', () => {
    const problems = applyOwnership(sample(), {
      owners: [owner('/sbin/*', 0, 0)],
      modes: [mode('/bin/link', 0o755)],
    });
    expect(problems).toEqual([
      {
        severity: 'warning',
        kind: 'unused',
        path: '/',
        message: "the rule '/sbin/*=0:0' matches nothing",
      },
      {
        severity: 'warning',
        kind: 'unused',
        path: '/',
        message: "the rule '/bin/link=755' matches nothing",
      },
    ]);
  });

  test('without options nothing changes', async () => {
    const tree = sample();
    applyOwnership(tree, {});
    expect(await listTree(tree)).toEqual(await listTree(sample()));
  });
});
