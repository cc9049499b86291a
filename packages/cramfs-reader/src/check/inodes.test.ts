import { describe, expect, test } from 'vitest';
import { check, countedImage, messageOf } from '../../../../test/helpers/check-image.js';
import { LinuxReader } from '../../../../test/helpers/linux-reader.js';
import { directory, file, special, symlink, text } from '../../../../test/helpers/raw-image.js';
import { checkImage } from '../check.js';

const ROOT = 76;
const [CHAR, BLOCK, FIFO, SOCKET] = [0o20600, 0o60600, 0o10600, 0o140600];

describe('inodes', () => {
  test('all types', () => {
    const { bytes } = countedImage({
      block: special(BLOCK, 0x0801),
      char: special(CHAR, 0xffff),
      directory: directory({}),
      fifo: special(FIFO),
      file: file('x'),
      link: symlink('file'),
      socket: special(SOCKET),
    });
    const { findings, stats } = checkImage(bytes);
    expect(findings).toEqual([]);
    expect(stats?.entries).toEqual({
      'block-device': 1,
      'char-device': 1,
      directory: 2,
      fifo: 1,
      file: 1,
      socket: 1,
      symlink: 1,
    });
  });

  test('bad-type', () => {
    const { bytes } = countedImage({ a: special(0o70644), b: special(0) });
    expect(check(bytes)).toEqual([
      ['bad-type', '/a', ROOT],
      ['bad-type', '/b', ROOT + 16],
    ]);
  });

  test('zero-offset', () => {
    const { bytes } = countedImage({
      d: directory({}, { inode: { size: 16 } }),
      f: file('', { inode: { size: 1 } }),
      l: file('', { inode: { size: 1, mode: 0o120777 } }),
    });
    expect(check(bytes)).toEqual([
      ['zero-offset', '/d', ROOT],
      ['zero-offset', '/f', ROOT + 16],
      ['zero-offset', '/l', ROOT + 32],
    ]);
  });

  test('zero-size', () => {
    const { bytes } = countedImage({
      d: directory({}, { inode: { offset: 19 } }),
      f: file('', { inode: { offset: 19 } }),
    });
    expect(check(bytes)).toEqual([
      ['zero-size', '/d', ROOT],
      ['zero-size', '/f', ROOT + 16],
    ]);
  });

  test('special-offset and special-size', () => {
    const inode = { offset: 19 };
    const { bytes } = countedImage({
      a: special(CHAR, 1, { inode }),
      b: special(BLOCK, 1, { inode }),
      c: special(FIFO, 0, { inode }),
      d: special(SOCKET, 5),
      e: special(FIFO, 5),
    });
    expect(check(bytes)).toEqual([
      ['special-offset', '/a', ROOT],
      ['special-offset', '/b', ROOT + 16],
      ['special-offset', '/c', ROOT + 32],
      ['special-size', '/d', ROOT + 48],
      ['special-size', '/e', ROOT + 64],
    ]);
  });

  test('device-number', () => {
    const { bytes } = countedImage({ a: special(CHAR, 0x10000) });
    expect(check(bytes)).toEqual([['device-number', '/a', ROOT]]);
  });

  test('symlink-empty', () => {
    expect(check(countedImage({ a: symlink('') }).bytes)).toEqual([['symlink-empty', '/a', ROOT]]);
  });

  test('symlink-too-long: Linux needs room for a NUL', () => {
    const target = (length: number) => symlink('x'.repeat(length));
    expect(check(countedImage({ a: target(4095) }).bytes)).toEqual([]);
    expect(check(countedImage({ a: target(4096) }).bytes)).toEqual([
      ['symlink-too-long', '/a', ROOT],
    ]);
  });

  test('symlink-nul, compressed and not', () => {
    const { bytes, placed } = countedImage({
      a: symlink('x\0y'),
      b: symlink('x\0y', { blocks: 'U' }),
      c: symlink('x\0y', { blocks: 'D' }),
    });
    expect(check(bytes)).toEqual(
      ['/a', '/b', '/c'].map((path) => ['symlink-nul', path, placed.get(path)!.blocks[0]!.start]),
    );
  });

  test('files with the same data, mode and owner share it rightly', () => {
    const { bytes } = countedImage({
      a: file(text(9000)),
      b: file('', { sameAs: '/a' }),
      c: file('', { sameAs: '/a' }),
    });
    expect(check(bytes)).toEqual([]);
    expect(checkImage(bytes).stats?.blocks.compressed).toBe(3);
  });

  test.each([
    ['mode', { mode: 0o4755 }],
    ['owner', { uid: 1 }],
    ['group', { gid: 1 }],
  ])('k2-shared-inode: another %s', (_, other) => {
    const { bytes, placed } = countedImage({
      'first one': file(text(5000)),
      'the twin': file('', { sameAs: '/first one', ...other }),
    });
    const { findings } = checkImage(bytes);
    const offset = placed.get('/first one')!.entry + 12 + 12;
    expect(findings).toMatchObject([
      { code: 'k2-shared-inode', severity: 'warning', path: '/the twin', offset },
    ]);
    const message = messageOf(findings, 'k2-shared-inode');
    expect(message).toContain('security');
    expect(message).toContain('/first one');

    // The second name does get the attributes of the first.
    const linux = new LinuxReader(bytes).walk();
    expect(linux.get('/the twin')).toBe(linux.get('/first one'));
  });

  test('k2-shared-inode names the modes', () => {
    const { bytes } = countedImage({
      a: file('x', { mode: 0o4755 }),
      b: file('', { sameAs: '/a', uid: 7 }),
    });
    expect(messageOf(checkImage(bytes).findings, 'k2-shared-inode')).toContain(
      '-rwsr-xr-x 0:0 or -rw-r--r-- 7:0',
    );
  });

  test('inode-conflict', () => {
    const { bytes } = countedImage({
      a: file(text(5000)),
      b: file('', { sameAs: '/a', inode: { mode: 0o120777 } }),
      c: file('', { sameAs: '/a', inode: { size: 100 } }),
    });
    expect(check(bytes)).toEqual([
      ['symlink-too-long', '/b', ROOT + 16],
      ['inode-conflict', '/b', ROOT + 16],
      ['inode-conflict', '/c', ROOT + 32],
    ]);
  });
});
