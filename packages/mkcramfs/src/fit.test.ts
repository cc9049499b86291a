import { describe, expect, test } from 'vitest';
import { device, directory, file, plain, symlink } from '../../../test/helpers/trees.js';
import { ALLOWANCES, fitTree, type Allowance } from './fit.js';
import type { DirectoryEntry, FileEntry, Problem, TreeEntry } from './tree.js';

const MAX_FILE = 16 * 1024 * 1024 - 1;
const ALL = new Set<Allowance>(ALLOWANCES);

function fit(
  children: Record<string, TreeEntry>,
  allow: Iterable<Allowance> = [],
): { tree: DirectoryEntry; problems: string[] } {
  const tree = directory(children);
  return { tree, problems: fitTree(tree, new Set(allow)).map(line) };
}

function line({ severity, path, message }: Problem): string {
  return `${severity} ${path.length > 40 ? '(long)' : path}: ${message}`;
}

function bigFile(size: number): FileEntry {
  return { ...file(''), size, read: () => new Uint8Array(Math.min(size, MAX_FILE)).fill(7) };
}

test('values that fit are unchanged, up to the limits', () => {
  const { tree, problems } = fit(
    {
      ['n'.repeat(252)]: file('x', { uid: 65535, gid: 255, mode: 0o7777 }),
      '\xff\xfe \n': file(''),
      big: bigFile(MAX_FILE),
      dev: device('block-device', { major: 255, minor: 255 }),
      link: symlink('t'.repeat(4095)),
      pipe: plain('fifo'),
      sock: plain('socket'),
      empty: directory({}),
    },
    ALL,
  );
  expect(problems).toEqual([]);
  expect(tree.children.size).toBe(8);
});

describe('ids', () => {
  const owner = { uid: 65536 + 12, gid: 256 };

  test('are errors by default and stay', () => {
    const { tree, problems } = fit({ f: file('', owner) });
    expect(problems).toEqual([
      'error /f: uid 65548 does not fit, at most 65535',
      'error /f: gid 256 does not fit, at most 255',
    ]);
    expect(tree.children.get('f')).toMatchObject(owner);
  });

  test('keep their low bits if allowed, and report the result', () => {
    const { tree, problems } = fit(
      {
        f: file('', owner),
        max: symlink('x'),
        nobody: file('', { uid: 0xfffffffe, gid: 0xffffffff }),
      },
      ['truncate-ids'],
    );
    expect(problems).toEqual([
      'warning /f: uid 65548 does not fit, at most 65535: truncated to 12',
      'warning /f: gid 256 does not fit, at most 255: truncated to 0',
      'warning /nobody: uid 4294967294 does not fit, at most 65535: truncated to 65534',
      'warning /nobody: gid 4294967295 does not fit, at most 255: truncated to 255',
    ]);
    expect(tree.children.get('f')).toMatchObject({ uid: 12, gid: 0 });
  });

  test('of the root count, too', () => {
    const tree = directory({}, { gid: 1000 });
    expect(fitTree(tree, new Set()).map(line)).toEqual([
      'error /: gid 1000 does not fit, at most 255',
    ]);
  });
});

describe('names', () => {
  test('too long are errors by default', () => {
    const { tree, problems } = fit({ ['n'.repeat(253)]: file('') });
    expect(problems).toEqual(['error (long): name of 253 bytes does not fit, at most 252']);
    expect([...tree.children.keys()]).toEqual(['n'.repeat(253)]);
  });

  test('are cut at a character if allowed', () => {
    const utf8 = `${'n'.repeat(251)}\xc3\xa9`;
    const { tree, problems } = fit({ [utf8]: file('') }, ['truncate-names']);
    expect([...tree.children.keys()]).toEqual(['n'.repeat(251)]);
    expect(problems).toEqual([
      `warning (long): name of 253 bytes does not fit, at most 252: truncated to '${'n'.repeat(251)}'`,
    ]);
  });

  test('are not cut where that would not be safe', () => {
    const { problems } = fit({ ['\x80'.repeat(260)]: file('') }, ALL);
    expect(problems).toEqual([
      'error (long): name of 260 bytes does not fit, at most 252; it is not UTF-8, so there is no safe place to cut it',
    ]);
  });

  test.each([['n'.repeat(252)], [`${'n'.repeat(252)}1`]])(
    'are not cut to another name, kept or cut',
    (other) => {
      const { problems } = fit({ [other]: file('1'), [`${'n'.repeat(252)}2`]: file('2') }, ALL);
      expect(problems.at(-1)).toBe(
        'error (long): name of 253 bytes does not fit, at most 252; cut to fit, it would be the same as another name',
      );
    },
  );

  test.each(['', '.', '..', 'a/b', 'nul\0'])('%j cannot be stored', (name) => {
    const { problems } = fit({ [name]: file('') }, ALL);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^error .*: the name '.*' cannot be stored$/s);
  });

  test('entries below a name that was cut are reached under the new one', () => {
    const { problems } = fit({ ['d'.repeat(300)]: directory({ f: file('', { gid: 300 }) }) }, ALL);
    expect(problems).toHaveLength(2);
    expect(problems[1]).toContain('gid 300');
  });
});

describe('files', () => {
  test('too large are errors by default', () => {
    const { problems } = fit({ f: bigFile(MAX_FILE + 1) });
    expect(problems).toEqual([
      `error /f: file of 16777216 bytes does not fit, at most ${MAX_FILE}`,
    ]);
  });

  test('keep their beginning if allowed', async () => {
    const original = { ...bigFile(2 ** 33), uid: 300 };
    const { tree, problems } = fit({ f: original }, ['truncate-files']);
    const kept = tree.children.get('f') as FileEntry;
    const bytes = await kept.read();
    expect([kept.size, bytes.length, bytes.at(-1), kept.uid]).toEqual([MAX_FILE, MAX_FILE, 7, 300]);
    expect(problems).toEqual([
      `warning /f: file of 8589934592 bytes does not fit, at most ${MAX_FILE}: truncated to ${MAX_FILE} bytes`,
    ]);
  });

  test('are cut to the limit even if read() gives more', async () => {
    const { tree } = fit({ f: { ...bigFile(0), size: 2e7, read: () => new Uint8Array(2e7) } }, ALL);
    expect(tree.children.has('f')).toBe(false);
    const kept = fit({ f: { ...bigFile(0), size: 2e7, read: () => new Uint8Array(2e7) } }, [
      'truncate-files',
    ]).tree.children.get('f') as FileEntry;
    expect((await kept.read()).length).toBe(MAX_FILE);
  });

  test('are left out if allowed, in preference to cutting', () => {
    const { tree, problems } = fit({ f: bigFile(2e7), g: file('') }, [
      'truncate-files',
      'skip-large-files',
    ]);
    expect([...tree.children.keys()]).toEqual(['g']);
    expect(problems).toEqual([
      `warning /f: file of 20000000 bytes does not fit, at most ${MAX_FILE}: left out`,
    ]);
  });
});

describe('devices', () => {
  const wide = device('block-device', { major: 259, minor: 300 });

  test('with wide numbers are errors by default', () => {
    const { tree, problems } = fit({ d: wide });
    expect(problems).toEqual(['error /d: device number 259:300 does not fit, at most 255:255']);
    expect(tree.children.get('d')).toMatchObject({ rdev: { major: 259, minor: 300 } });
  });

  test('keep the low bits if allowed', () => {
    const { tree, problems } = fit({ d: wide }, ['truncate-devices']);
    expect(problems).toEqual([
      'warning /d: device number 259:300 does not fit, at most 255:255: truncated to 3:44',
    ]);
    expect(tree.children.get('d')).toMatchObject({ rdev: { major: 3, minor: 44 } });
  });
});

test.each([
  ['', 'symbolic link with an empty target'],
  ['a\0b', 'symbolic link whose target holds a NUL'],
  ['t'.repeat(4096), 'link target of 4096 bytes does not fit, at most 4095'],
])('a link that Linux would misread is refused', (target, message) => {
  expect(fit({ l: symlink(target) }, ALL).problems).toEqual([`error /l: ${message}`]);
});

test('modes must be of the entry’s type', () => {
  const { problems } = fit({
    f: { ...file(''), mode: 0o040644 },
    p: { ...plain('fifo'), mode: 0o600 },
  });
  expect(problems).toEqual([
    'error /f: mode 040644 is not that of a regular file',
    'error /p: mode 0600 is not that of a fifo',
  ]);
});

test('a directory must fit 24 bits', () => {
  // 12 + 252 bytes each.
  const entry = file('');
  const count = Math.ceil(2 ** 24 / 264);
  const names = Array.from({ length: count }, (_, index) => String(index).padStart(252, '0'));
  const full = directory(Object.fromEntries(names.map((name) => [name, entry])));
  expect(fitTree(full, ALL).map(line)).toEqual([
    `error /: entries of ${count * 264} bytes do not fit, at most 16777215`,
  ]);
  full.children.delete(names[0]!);
  expect(fitTree(full, ALL)).toEqual([]);
});

test('paths must be short enough to be opened', () => {
  let tree = directory({ ['x'.repeat(200)]: file('') });
  for (let depth = 0; depth < 20; depth += 1) tree = directory({ ['d'.repeat(200)]: tree });
  expect(fitTree(tree, ALL).map(line)).toEqual([
    'error (long): path of 4221 bytes: Linux opens at most 4095',
  ]);
});

test('problems come in the order of the tree', () => {
  const bad = { uid: 70000 };
  const { problems } = fit({
    c: file('', bad),
    b: directory({ z: file('', bad), y: file('', bad) }),
    a: file('', bad),
  });
  expect(problems.map((text) => text.split(' ')[1])).toEqual(['/a:', '/b/y:', '/b/z:', '/c:']);
});
