import { CramfsError } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import { listTree } from '../../../test/helpers/tree-listing.js';
import { device, directory, file, plain, symlink } from '../../../test/helpers/trees.js';
import { applyDeviceTable } from './device-table.js';
import type { DirectoryEntry } from './tree.js';

function sample(): DirectoryEntry {
  return directory({
    dev: directory({}),
    bin: directory({ su: file('su'), sh: symlink('su') }),
    old: device('char-device', { major: 4, minor: 64 }),
  });
}

/** The tree after a table, without the entries of {@link sample}. */
async function apply(table: string, tree = sample()): Promise<string[]> {
  const before = new Set(await listTree(tree));
  applyDeviceTable(tree, table, { file: 'table.txt' });
  return (await listTree(tree)).filter((line) => !before.has(line));
}

function messageOf(table: string, tree = sample()): string {
  try {
    applyDeviceTable(tree, table, { file: 'table.txt' });
  } catch (error) {
    expect(error).toBeInstanceOf(CramfsError);
    expect((error as CramfsError).code).toBe('BAD_REQUEST');
    return (error as CramfsError).message;
  }
  throw new Error('nothing was thrown');
}

test('a table as the other tools know it', async () => {
  const table = `
# Comment
   # another, indented

/dev\t\td\t755\t0\t0\t-\t-\t-\t-\t-
/dev/mem     c    640  0  0  1  1  0  0  -
/dev/zero    c    666  0  0  1  5  -  -  -      # trailing comment
/dev/hda     b    640  0  6  3  0  0  0  -
/dev/hda     b    640  0  6  3  1  1  1  3
/dev/uio     b    600  1  2  252 0 1  2  3
/dev/tty     c    622  0  5  4  0  0  1  2
/dev/initctl p    600  0  0  -  -  -  -  -
/dev/log     s    666  0  0  -  -  -  -  -
/var         d    1777
/var/run     d
/bin/su      f    4755 0  0  -  -  -  -  -
`;
  expect(await apply(table)).toEqual([
    '-rwsr-xr-x 0:0 /bin/su [2] su',
    'brw-r----- 0:6 /dev/hda 3:0',
    'brw-r----- 0:6 /dev/hda1 3:1',
    'brw-r----- 0:6 /dev/hda2 3:2',
    'brw-r----- 0:6 /dev/hda3 3:3',
    'prw------- 0:0 /dev/initctl',
    'srw-rw-rw- 0:0 /dev/log',
    'crw-r----- 0:0 /dev/mem 1:1',
    'crw--w--w- 0:5 /dev/tty0 4:0',
    'crw--w--w- 0:5 /dev/tty1 4:1',
    'brw------- 1:2 /dev/uio1 252:0',
    'brw------- 1:2 /dev/uio2 252:2',
    'brw------- 1:2 /dev/uio3 252:4',
    'crw-rw-rw- 0:0 /dev/zero 1:5',
    'drwxrwxrwt 0:0 /var',
    'drwxr-xr-x 0:0 /var/run',
  ]);
});

test('line ends of any kind, a missing last one, empty tables', async () => {
  const expected = ['crw-r--r-- 0:0 /dev/a 1:2', 'crw-r--r-- 0:0 /dev/b 1:3'];
  expect(await apply('/dev/a c 644 0 0 1 2\r\n/dev/b c 644 0 0 1 3\r\n')).toEqual(expected);
  expect(await apply('/dev/a c 644 0 0 1 2\n/dev/b c 644 0 0 1 3')).toEqual(expected);
  expect(await apply('')).toEqual([]);
  expect(await apply('\n\r\n  \t\n#')).toEqual([]);
});

test('ranges that add up to more nodes than a directory has room for', () => {
  const line = (name: string): string => `/${name} c 644 0 0 1 0 0 0 600000\n`;
  const root: DirectoryEntry = {
    type: 'directory',
    mode: 0o40755,
    uid: 0,
    gid: 0,
    children: new Map(),
  };
  expect(() => {
    applyDeviceTable(root, line('a') + line('b'), { file: 'table' });
  }).toThrow('table:2: the table makes more than 1048576 nodes');
});

describe('missing names', () => {
  test('has defaults', async () => {
    expect(await apply('/dev/a c\n/dev/p p - - - - -\n/dev/b b - - - 7')).toEqual([
      'crwxr-xr-x 0:0 /dev/a 0:0',
      'brwxr-xr-x 0:0 /dev/b 7:0',
      'prwxr-xr-x 0:0 /dev/p',
    ]);
  });

  test('a count alone numbers from 0 with an increment of 1', async () => {
    expect(await apply('/dev/n c 600 0 0 1 8 - - 2')).toEqual([
      'crw------- 0:0 /dev/n0 1:8',
      'crw------- 0:0 /dev/n1 1:9',
    ]);
  });

  test('an increment of 0 is not a missing one', async () => {
    expect(await apply('/dev/n c 600 0 0 1 8 4 0 2')).toEqual([
      'crw------- 0:0 /dev/n4 1:8',
      'crw------- 0:0 /dev/n5 1:8',
    ]);
  });
});

describe('existing names', () => {
  test('gets mode and owner; a device keeps its number unless another is given', async () => {
    expect(await apply('/old c 600 1 2 - -')).toEqual(['crw------- 1:2 /old 4:64']);
    expect(await apply('/old c 600 1 2 5 1')).toEqual(['crw------- 1:2 /old 5:1']);
    expect(await apply('/ d 700 1 2')).toEqual(['drwx------ 1:2 /']);
    expect(await apply('/dev/ d 700 1 2')).toEqual(['drwx------ 1:2 /dev']);
  });

  test('keeps its mode at -1', async () => {
    expect(await apply('/bin/su f -1 7 root')).toEqual(['-rw-r--r-- 7:0 /bin/su [2] su']);
    expect(await apply('/old c -1 7 8 9 9')).toEqual(['crw------- 7:8 /old 9:9']);
    expect(await apply('/new d -1 7 8')).toEqual(['drwxr-xr-x 7:8 /new']);
  });

  test('keeps what is in it', async () => {
    const tree = sample();
    applyDeviceTable(tree, '/bin d 700 3 3', { file: 't' });
    expect(await listTree(tree)).toContain('-rw-r--r-- 0:0 /bin/su [2] su');
  });

  test('a later line wins', async () => {
    expect(await apply('/dev/a c 600 0 0 1 1\n/dev/a c 644 1 1 2 2')).toEqual([
      'crw-r--r-- 1:1 /dev/a 2:2',
    ]);
  });

  test('F skips paths that are missing or not files', async () => {
    expect(await apply('/bin/none F 4755 0 0\n/bin F 700\n/bin/su F 700 1 1')).toEqual([
      '-rwx------ 1:1 /bin/su [2] su',
    ]);
  });

  test('r reaches everything below, but gives symbolic links no mode', async () => {
    expect(await apply('/bin r 750 3 4')).toEqual([
      'drwxr-x--- 3:4 /bin',
      'lrwxrwxrwx 3:4 /bin/sh -> su',
      '-rwxr-x--- 3:4 /bin/su [2] su',
    ]);
    expect(await apply('/bin r -1 3 4')).toEqual([
      'drwxr-xr-x 3:4 /bin',
      'lrwxrwxrwx 3:4 /bin/sh -> su',
      '-rw-r--r-- 3:4 /bin/su [2] su',
    ]);
    expect(await apply('/bin/su r 700 3 4')).toEqual(['-rwx------ 3:4 /bin/su [2] su']);
  });
});

test('paths are bytes', async () => {
  const tree = directory({ '\xff\xfe': directory({ 'x\xe9': file('') }) });
  expect(await apply('/\xff\xfe/x\xe9 f 600\n/\xff\xfe/n c 600 0 0 1 1 0 1 1', tree)).toEqual([
    'crw------- 0:0 /\\xff\\xfe/n0 1:1',
    '-rw------- 0:0 /\\xff\\xfe/x\\xe9 [0]',
  ]);
});

test('a range can go up to the last minor number', () => {
  const tree = sample();
  applyDeviceTable(tree, '/dev/n c 600 0 0 1 1048376 0 1 200', { file: 't' });
  const dev = tree.children.get('dev') as DirectoryEntry;
  expect(dev.children.size).toBe(200);
  expect(dev.children.get('n199')).toMatchObject({ rdev: { major: 1, minor: 1048575 } });
});

test.each([
  ['\n\n/dev/a', '3: a line needs a path and a type'],
  ['dev/a c', "1: the path 'dev/a' does not start with '/'"],
  ['/dev/../a c', "1: the path '/dev/../a' has a '.' or '..' in it"],
  ['/dev/./a c', "1: the path '/dev/./a' has a '.' or '..' in it"],
  ['/dev/a x', "1: unknown type 'x', expected one of f F d r c b p s"],
  ['/dev/a constructor', "1: unknown type 'constructor', expected one of f F d r c b p s"],
  ['/dev/a c 0x1', "1: mode '0x1' is not an octal number up to 7777"],
  ['/dev/a c 10000', "1: mode '10000' is not an octal number up to 7777"],
  ['/dev/a c 600 bob 0', "1: uid 'bob': only numbers and 'root' are understood"],
  ['/dev/a c 600 0 -5', "1: gid '-5' is not a decimal number up to 4294967295"],
  ['/dev/a c 600 0 4294967296', "1: gid '4294967296' is not a decimal number up to 4294967295"],
  ['/dev/a c 600 0 0 4096 0', "1: major '4096' is not a decimal number up to 4095"],
  ['/dev/a c 600 0 0 1 x', "1: minor 'x' is not a decimal number up to 1048575"],
  ['/dev/a c 600 0 0 1 1048570 0 1 7', '1: minor number 1048576 is out of range'],
  [
    '/dev/a c 600 0 0 1 0 0 1 99999999999',
    "1: count '99999999999' is not a decimal number up to 1048575",
  ],
  ['/dev/a p 600 0 0 0 0 0 1 4', '1: only devices can have a count'],
  ['/dev/a c 600 0 0 1 1 0 0 0 0', '1: 11 fields, at most 10 are known'],
  ['/bin/no f 600', "1: '/bin/no' does not exist"],
  ['/nodir r 600', "1: '/nodir' does not exist"],
  ['/bin f 600', "1: '/bin' exists, but as a directory, not as a regular file"],
  ['/old b 600', "1: '/old' exists, but as a character device, not as a block device"],
  ['/bin/sh d 600', "1: '/bin/sh' exists, but as a symbolic link, not as a directory"],
  ['/no/dev c 600 0 0 1 1', "1: the parent of '/no/dev' does not exist"],
  ['/bin/su/x c 600 0 0 1 1', "1: the parent of '/bin/su/x' is a regular file"],
  ['/bin/su f 755\n|xattr cap_net_raw+p', "2: '|xattr': cramfs has no extended attributes"],
])('%j is refused', (table, message) => {
  expect(messageOf(table)).toBe(`table.txt:${message}`);
});

test('entries of the tree that a range meets must be devices, too', () => {
  const tree = directory({ dev: directory({ hda2: plain('fifo') }) });
  expect(messageOf('/dev/hda b 600 0 0 3 1 1 1 3', tree)).toBe(
    "table.txt:1: '/dev/hda2' exists, but as a fifo, not as a block device",
  );
});
