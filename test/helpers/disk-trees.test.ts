import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeTree, treeDifferences } from './disk-trees.js';
import {
  describeWithPeers,
  extractWith7z,
  extractWithFsck,
  findPeer,
  runPeer,
  runPeerOk,
  withTemporaryDirectory,
} from './peers.js';

function makeTree(root: string): void {
  mkdirSync(`${root}/bin`, { recursive: true });
  writeFileSync(`${root}/bin/tool`, 'one\n');
  chmodSync(`${root}/bin/tool`, 0o755);
  chmodSync(`${root}/bin`, 0o755);
  chmodSync(root, 0o755);
  writeFileSync(Buffer.from(`${root}/latin \xe9`, 'latin1'), 'two\n');
  symlinkSync('bin/tool', `${root}/link`);
}

const CHANGES: [what: string, change: (root: string) => void, difference: RegExp][] = [
  [
    'content',
    (root) => {
      writeFileSync(`${root}/bin/tool`, 'One\n');
    },
    /^bin\/tool: .* crc/,
  ],
  [
    'size',
    (root) => {
      writeFileSync(`${root}/bin/tool`, 'one');
    },
    /4 bytes.* 3 bytes/,
  ],
  [
    'mode',
    (root) => {
      chmodSync(`${root}/bin/tool`, 0o4755);
    },
    /-rwxr-xr-x .*-rwsr-xr-x/,
  ],
  [
    'mode of the root',
    (root) => {
      chmodSync(root, 0o700);
    },
    /^\.: drwxr-xr-x -> drwx------/,
  ],
  [
    'a missing file',
    (root) => {
      rmSync(`${root}/bin/tool`);
    },
    /-> missing$/,
  ],
  [
    'one file more',
    (root) => {
      writeFileSync(`${root}/more`, '');
    },
    /^more: missing ->/,
  ],
  [
    'the bytes of a name',
    (root) => {
      renameSync(Buffer.from(`${root}/latin \xe9`, 'latin1'), `${root}/latin é`);
    },
    /^latin é: missing/,
  ],
  [
    'a symlink that points elsewhere',
    (root) => {
      rmSync(`${root}/link`);
      symlinkSync('./bin/tool', `${root}/link`);
    },
    /^link: l -> bin\/tool -> l -> \.\/bin\/tool$/,
  ],
  [
    'the type',
    (root) => {
      rmSync(`${root}/link`);
      mkdirSync(`${root}/link`);
    },
    /^link: l -> bin\/tool -> d/,
  ],
];

describe('treeDifferences', () => {
  test('none between equal trees', async () => {
    await withTemporaryDirectory((directory) => {
      makeTree(`${directory}/a`);
      makeTree(`${directory}/b`);
      expect(treeDifferences(`${directory}/a`, `${directory}/b`, { owners: true })).toEqual([]);
      expect([...describeTree(`${directory}/a`).keys()].sort()).toEqual([
        '.',
        'bin',
        'bin/tool',
        'latin \xe9',
        'link',
      ]);
    });
  });

  test.each(CHANGES)('sees %s', async (_, change, difference) => {
    await withTemporaryDirectory((directory) => {
      makeTree(`${directory}/a`);
      makeTree(`${directory}/b`);
      change(`${directory}/b`);
      const differences = treeDifferences(`${directory}/a`, `${directory}/b`);
      expect(differences.join('\n')).toMatch(new RegExp(difference, 'm'));
    });
  });

  test('leaves out the given entries', async () => {
    await withTemporaryDirectory((directory) => {
      makeTree(`${directory}/a`);
      makeTree(`${directory}/b`);
      rmSync(`${directory}/b/bin`, { recursive: true });
      chmodSync(`${directory}/b`, 0o700);
      const comparison = { modes: false, except: (path: string) => path === 'bin' };
      expect(treeDifferences(`${directory}/a`, `${directory}/b`, comparison)).toEqual([]);
    });
  });
});

describeWithPeers(['mkfs.cramfs', 'fsck.cramfs', '7z'], 'peers', () => {
  test('build and extract the same tree', async () => {
    await withTemporaryDirectory((directory) => {
      makeTree(`${directory}/a`);
      runPeerOk('mkfs.cramfs', ['a', 'image'], { cwd: directory });
      extractWithFsck(`${directory}/image`, `${directory}/fsck`);
      expect(treeDifferences(`${directory}/a`, `${directory}/fsck`)).toEqual([]);
      extractWith7z(`${directory}/image`, `${directory}/7z`);
      // 7-Zip takes names for UTF-8 and gives directories its own modes.
      expect(
        treeDifferences(`${directory}/a`, `${directory}/7z`, {
          modes: false,
          except: (path) => path.startsWith('latin'),
        }),
      ).toEqual([]);
    });
  });

  test('that fail differ from those that succeed', () => {
    const result = runPeer('fsck.cramfs', ['/nonexistent']);
    expect(result.status).toBe(8);
    expect(result.stderr).toMatch(/nonexistent/);
    expect(() => runPeerOk('fsck.cramfs', ['/nonexistent'])).toThrow(/exit code 8/);
  });
});

describe('findPeer', () => {
  test('finds tar, which every machine has', () => {
    expect(findPeer('tar')).toMatch(/\/tar$/);
    expect(runPeerOk('tar', ['--version']).toString()).toMatch(/tar/);
  });
});
