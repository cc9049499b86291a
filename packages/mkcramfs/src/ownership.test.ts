import { describe, expect, test } from 'vitest';
import { device, directory, file, plain, symlink } from '../../../test/helpers/trees.js';
import { listTree } from '../../../test/helpers/tree-listing.js';
import { applyOwnership, parseModeRule, parseOwnerRule } from './ownership.js';
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

describe('parseOwnerRule', () => {
  test('takes a glob or means everything', () => {
    const all = parseOwnerRule('0:65534');
    expect([all.uid, all.gid, all.matches('/any'), all.matches('/')]).toEqual([
      0,
      65534,
      true,
      true,
    ]);
    const some = parseOwnerRule('/a=b/*=4294967295:1');
    expect([some.uid, some.matches('/a=b/c'), some.matches('/a')]).toEqual([
      0xffffffff,
      true,
      false,
    ]);
  });

  test.each([
    '',
    '0',
    '0:',
    ':0',
    'root:root',
    '/a=0',
    '-1:0',
    '0x1:0',
    '4294967296:0',
    '1:2:3',
    '=1:2',
  ])('refuses %j', (text) => {
    expect(() => parseOwnerRule(text)).toThrow(
      expect.objectContaining({ name: 'CramfsError', code: 'BAD_REQUEST' }),
    );
  });
});

describe('parseModeRule', () => {
  test('takes permission bits in octal', () => {
    const rule = parseModeRule('/bin/su=4755');
    expect([rule.permissions, rule.matches('/bin/su'), rule.matches('/bin')]).toEqual([
      0o4755,
      true,
      false,
    ]);
  });

  test.each(['755', '/a=', '/a=8', '/a=10000', '/a=u+s', '=755', '/a[=755'])(
    'refuses %j',
    (text) => {
      expect(() => parseModeRule(text)).toThrow(
        expect.objectContaining({ name: 'CramfsError', code: 'BAD_REQUEST' }),
      );
    },
  );
});

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
      owners: ['/bin/**=2:2', '/bin/su=3:3', '/\\\\xff*=4:4'].map(parseOwnerRule),
      modes: ['/bin/*=700', 'su=4711', '/dev/*=666'].map(parseModeRule),
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
      owners: [parseOwnerRule('/sbin/*=0:0')],
      modes: [parseModeRule('/bin/link=755')],
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
