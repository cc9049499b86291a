import { beforeEach, describe, expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { fdpicFile, flatFile } from '../helpers/nommu-programs.js';
import { buildRawImage, file, fixCrc, noise, symlink } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';
import { EVIL_TEXT, sampleImage } from './sample-image.js';

const folder = new Folder();
const sample = sampleImage();
let image: string;
beforeEach(() => {
  image = folder.write('sample.img', sample.bytes);
});

function at(path: string): number {
  return sample.placed.get(path)!.offset;
}

describe('ls', () => {
  test('names of the root, escaped for a terminal', async () => {
    expect(await cramfs(['ls', image])).toMatchObject({
      code: 0,
      stdout: 'bin\ndev\netc\nhéllo\n',
      stderr: '',
    });
    const { stdout } = await cramfs(['ls', image, '/etc']);
    expect(stdout).toBe(`${EVIL_TEXT}\npasswd\nzeros\n`);
  });

  test('--sort orders each directory, by name or the largest first; equal ones stay as they were', async () => {
    const { bytes } = buildRawImage({ b: file('22'), d: file('1'), a: file('22'), c: file('333') });
    const unsorted = folder.write('unsorted.img', bytes);
    const names = async (...words: string[]): Promise<string> =>
      (await cramfs(['ls', unsorted, ...words])).stdout.replaceAll('\n', '');
    expect(await names('--sort', 'name')).toBe('abcd');
    const stored = await names();
    const [first, second] = stored.replace(/[cd]/g, '');
    expect(await names('--sort=size')).toBe(`c${first!}${second!}d`);
    expect(await cramfsJson(['ls', unsorted, '--sort=size'])).toMatchObject([
      { path: '/c' },
      {},
      {},
      { path: '/d' },
    ]);
    expect(await cramfs(['ls', unsorted, '--sort=age'])).toMatchObject({
      code: 16,
      stderr: expect.stringContaining("--sort cannot be 'age': use name, size") as string,
    });
  });

  test('-l shows mode, owner, size or device, and targets; -i inode numbers', async () => {
    const { stdout } = await cramfs(['ls', '-l', image, '/bin', '/dev']);
    expect(stdout).toBe(
      [
        '/bin:',
        '-rwsr-xr-x  0  0  9000  busybox',
        'lrwxrwxrwx  0  0     7  sh -> busybox',
        '',
        '/dev:',
        'crw-------  0  5  5, 1  console',
        'brw-rw----  0  0  8, 0  disk',
        'srw-rw-rw-  0  0     0  log',
        'prw-r--r--  0  0     0  pipe',
        '',
      ].join('\n'),
    );
    const withInodes = await cramfs(['ls', '-li', image, '/bin/busybox']);
    expect(withInodes.stdout).toBe(`${at('/bin/busybox')}  -rwsr-xr-x  0  0  9000  /bin/busybox\n`);
  });

  test('-R goes down, -d does not go in, a link to a directory is followed', async () => {
    const { stdout } = await cramfs(['ls', '-R', image]);
    expect(stdout.split('\n').filter((line) => line.endsWith(':'))).toEqual([
      '/:',
      '/bin:',
      '/dev:',
      '/etc:',
    ]);
    expect((await cramfs(['ls', '-d', image, '/bin'])).stdout).toBe('/bin\n');
    const linked = folder.write(
      'link.img',
      buildRawImage({ a: symlink('/'), b: symlink('none') }).bytes,
    );
    expect((await cramfs(['ls', linked, '/a', 'b'])).stdout).toBe('b\n\n/a:\na\nb\n');
  });

  test('a missing path is an error, the others are listed all the same', async () => {
    const result = await cramfs(['ls', image, '/none', '/bin']);
    expect(result).toMatchObject({
      code: 8,
      stdout: 'busybox\nsh\n',
      stderr: `cramfs: ${image}: no such file or directory (/none)\n`,
    });
  });

  test('--json', async () => {
    expect(await cramfsJson(['ls', image, '/dev', '/bin/sh'])).toEqual([
      {
        path: '/bin/sh',
        type: 'symlink',
        mode: '0777',
        rawMode: 0o120777,
        uid: 0,
        gid: 0,
        size: 7,
        device: null,
        target: 'busybox',
        inode: at('/bin/sh'),
      },
      {
        path: '/dev/console',
        type: 'char-device',
        mode: '0600',
        rawMode: 0o020600,
        uid: 0,
        gid: 5,
        size: null,
        device: { major: 5, minor: 1 },
        target: null,
        inode: at('/dev') + 1,
      },
      expect.objectContaining({ path: '/dev/disk', type: 'block-device' }),
      expect.objectContaining({ path: '/dev/log', type: 'socket', size: 0 }),
      expect.objectContaining({ path: '/dev/pipe', type: 'fifo', mode: '0644' }),
    ]);
  });
});

test('a path is text: the escapes that are printed are understood', async () => {
  const { code, stdout } = await cramfs(['cat', image, `/etc/${EVIL_TEXT}`]);
  expect([code, stdout]).toEqual([0, 'harmless']);
});

test('tree', async () => {
  const { code, stdout } = await cramfs(['tree', image]);
  expect(code).toBe(0);
  expect(stdout).toBe(
    `/
├── bin
│   ├── busybox
│   └── sh -> busybox
├── dev
│   ├── console
│   ├── disk
│   ├── log
│   └── pipe
├── etc
│   ├── ${EVIL_TEXT}
│   ├── passwd
│   └── zeros
└── héllo

3 directories, 10 files
`,
  );
  expect(await cramfsJson(['tree', image, '/bin'])).toMatchObject({
    path: '/bin',
    type: 'directory',
    entries: [
      { path: '/bin/busybox', size: 9000 },
      { path: '/bin/sh', target: 'busybox' },
    ],
  });
});

test('stat', async () => {
  const { stdout } = await cramfs(['stat', image, '/bin/busybox', '/dev/console']);
  expect(stdout).toBe(
    `path:      /bin/busybox
type:      file
mode:      4755 -rwsr-xr-x
owner:     0:0
size:      9000
inode:     ${at('/bin/busybox')}
entry at:  0x${at('/bin').toString(16)}
data at:   0x${at('/bin/busybox').toString(16)}
blocks:    3: 0 compressed, 3 uncompressed, 0 holes; 3 direct; 9012 bytes stored

path:      /dev/console
type:      char-device
mode:      0600 crw-------
owner:     0:5
device:    5, 1
inode:     ${at('/dev') + 1}
entry at:  0x${at('/dev').toString(16)}
`,
  );
  expect(await cramfsJson(['stat', '-L', image, '/bin/sh'])).toEqual([
    expect.objectContaining({
      path: '/bin/sh',
      type: 'file',
      dataOffset: at('/bin/busybox'),
      blocks: { compressed: 0, uncompressed: 3, holes: 0, direct: 3, storedBytes: 9012 },
    }),
  ]);
});

test('cat prints bytes, follows links, and refuses what is not a file', async () => {
  const { bytes, code } = await cramfs(['cat', image, '/etc/passwd', '/bin/sh', '/etc/zeros']);
  expect(code).toBe(0);
  const expected = [Buffer.from('root:x:0:0::/:/bin/sh\n'), noise(9000, 1), Buffer.alloc(5000)];
  expect(Buffer.compare(bytes, Buffer.concat(expected))).toBe(0);
  expect(await cramfs(['cat', image, '/etc'])).toMatchObject({
    code: 8,
    stdout: '',
    stderr: expect.stringMatching(/: not a regular file \(\/etc\)\n$/) as string,
  });
});

test.each([
  ['stat', /^path: +\/etc\/passwd\n/],
  ['cat', /^root:x:0:0/],
  ['blocks', /^\/etc\/passwd: 22 bytes/],
])('%s shows the others if there is no such path', async (command, shown) => {
  const { code, stdout, stderr } = await cramfs([command, image, '/none', '/etc/passwd']);
  expect(code).toBe(8);
  expect(stdout).toMatch(shown);
  expect(stderr).toMatch(/^cramfs: .*: no such file or directory \(\/none\)\n$/);
});

describe('blocks', () => {
  test('pointers as stored and decoded', async () => {
    const { blocks, offset } = sample.placed.get('/bin/busybox')!;
    const { stdout } = await cramfs(['blocks', image, '/bin/busybox']);
    const [title, head, first, , third] = stdout.split('\n');
    expect(title).toBe(`/bin/busybox: 9000 bytes, pointers at 0x${offset.toString(16)}`);
    expect(head!.split(/ {2,}/)).toEqual([
      'BLOCK',
      'POINTER',
      'KIND',
      'POINTS TO',
      'START',
      'END',
      'STORED',
      'SIZE',
    ]);
    const hex = (value: number): string => `0x${value.toString(16)}`;
    const { pointer, start } = blocks[0]!;
    expect(first!.trim().split(/ +/)).toEqual([
      '0',
      hex(pointer),
      'uncompressed',
      'direct',
      hex(start),
      hex(start + 4096),
      '4096',
      '4096',
    ]);
    expect(third!.trim().split(/ +/).slice(-2)).toEqual(['808', '808']);
  });

  test('--json', async () => {
    const { blocks, offset } = sample.placed.get('/etc/passwd')!;
    const { pointer, start, length } = blocks[0]!;
    expect(await cramfsJson(['blocks', image, '/etc/passwd'])).toEqual([
      {
        path: '/etc/passwd',
        size: 22,
        dataOffset: offset,
        blocks: [
          {
            index: 0,
            kind: 'compressed',
            direct: false,
            pointer: `0x${pointer.toString(16).padStart(8, '0')}`,
            pointerOffset: offset,
            start,
            length,
            size: 22,
          },
        ],
      },
    ]);
  });

  test('a bad pointer is reported and the others are shown', async () => {
    const { bytes } = buildRawImage({
      f: file(noise(9000), { blocks: ['D', { kind: 'D', pointer: 0xffffffff }, 'D'] }),
    });
    const bad = folder.write('bad-pointer.img', bytes);
    const { code, stdout, stderr } = await cramfs(['blocks', bad, '/f']);
    expect(code).toBe(8);
    expect(stdout.match(/^ +\d/gm)).toHaveLength(2);
    expect(stderr).toMatch(/^cramfs: .*bad-pointer\.img: offset 0x.*block 1.*\(\/f\)\n$/);
  });
});

describe('info', () => {
  test('facts as text', async () => {
    const { code, stdout } = await cramfs(['info', image]);
    expect(code).toBe(0);
    const facts = new Map(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/: +/, 2) as [string, string]),
    );
    expect(facts.get('endianness')).toBe('little');
    expect(facts.get('flags')).toBe('0x903 fsid-version-2 sorted-dirs holes ext-block-pointers');
    expect(facts.get('crc')).toMatch(/^0x[0-9a-f]{8} \(right\)$/);
    expect(facts.get('name')).toBe('sample');
    expect(facts.get('contents')).toBe(
      '5 files, 4 directories, 1 symlink, 2 devices, 1 fifo, 1 socket; 14042 bytes',
    );
  });

  test('--json', async () => {
    const padded = folder.write('padded.img', sampleImage({ pad: 512, endianness: 'big' }).bytes);
    expect(await cramfsJson(['info', padded])).toMatchObject({
      endianness: 'big',
      blockSize: 4096,
      superblockOffset: 512,
      flags: '0x903',
      flagNames: ['fsid-version-2', 'sorted-dirs', 'holes', 'ext-block-pointers'],
      signature: 'Compressed ROMFS',
      crc: { ok: true },
      root: { mode: '0755', uid: 0, gid: 0 },
      contents: {
        directories: 4,
        files: 5,
        symlinks: 1,
        devices: 2,
        fifos: 1,
        sockets: 1,
        unknown: 0,
        bytes: 14042,
        blocks: { compressed: 4, uncompressed: 3, holes: 2, direct: 3 },
      },
    });
  });

  test('a wrong CRC is a fact; damage below is reported', async () => {
    const wrong = sample.bytes.slice();
    wrong[wrong.length - 1]! ^= 1;
    const { code, stdout } = await cramfs(['info', folder.write('wrong.img', wrong)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/crc: +0x[0-9a-f]{8} \(WRONG: it is 0x[0-9a-f]{8}\)/);

    const outside = sample.bytes.slice();
    new DataView(outside.buffer).setUint32(at('/bin/busybox'), 0xffffffff, true);
    fixCrc(outside);
    const damaged = await cramfs(['info', folder.write('outside.img', outside)]);
    expect(damaged.code).toBe(8);
    expect(damaged.stderr).toMatch(/offset 0x[0-9a-f]+: .*\(\/bin\/busybox\)\n$/);
    expect(damaged.stdout).toContain('contents:');
  });
});

describe('formats of programs', () => {
  const build = (): string =>
    folder.write(
      'programs.img',
      buildRawImage({
        fdpic: file(fdpicFile([{ flags: 5, offset: 0, filesz: 200 }], noise(300)), { mode: 0o755 }),
        flat: file(flatFile(noise(100), noise(20), { flags: 2 | 8 }), { mode: 0o755 }),
        elf: file(elfFile(64, false, [], noise(300), 3), { mode: 0o755 }),
        old: file(flatFile(noise(100), noise(20), { rev: 2, flags: 0x41 }), { mode: 0o755 }),
        data: file(flatFile(noise(100), noise(20))),
        text: file('text', { mode: 0o755 }),
      }).bytes,
    );

  test('stat names them', async () => {
    const found = (await cramfsJson(['stat', build(), '/*'])) as {
      path: string;
      format: string | null;
    }[];
    expect(found.map(({ path, format }) => [path, format])).toEqual([
      ['/data', 'bFLT v4'],
      ['/elf', 'ELF 64-bit big-endian RISC-V, shared object or PIE'],
      ['/fdpic', 'ELF 32-bit little-endian ARM, executable, FDPIC'],
      ['/flat', "bFLT v4, GOTPIC, data gzip'd"],
      ['/old', 'bFLT v2, loaded to RAM, flags 0x40'],
      ['/text', null],
    ]);
  });

  test('info counts executable files', async () => {
    expect(await cramfsJson(['info', build()])).toMatchObject({
      contents: { programs: { 'ELF FDPIC': 1, ELF: 1, 'bFLT v4': 1, 'bFLT v2': 1 } },
    });
    expect((await cramfs(['info', build()])).stdout).toMatch(
      /\nprograms: +1 ELF, 1 ELF FDPIC, 1 bFLT v2, 1 bFLT v4\n/,
    );
  });
});

describe('patterns', () => {
  test('ls, stat and blocks', async () => {
    expect((await cramfs(['ls', image, '/bin/*', '-d'])).stdout).toBe('/bin/busybox\n/bin/sh\n');
    expect((await cramfs(['ls', image, '*', '-d'])).stdout.split('\n')).toContain('/dev/pipe');
    const stats = (await cramfsJson(['stat', image, '/dev/*', '/bin/s?'])) as { path: string }[];
    expect(stats.map(({ path }) => path)).toEqual([
      '/dev/console',
      '/dev/disk',
      '/dev/log',
      '/dev/pipe',
      '/bin/sh',
    ]);
    const blocks = (await cramfsJson(['blocks', image, '/{bin,dev}/*'])) as { path: string }[];
    expect(blocks.map(({ path }) => path)).toEqual(['/bin/busybox', '/bin/sh']);
  });

  test('cat takes files and links to files', async () => {
    const busybox = (await cramfs(['cat', image, '/bin/busybox'])).bytes;
    const both = await cramfs(['cat', image, '/bin/*']);
    expect(both).toMatchObject({ code: 0, stderr: '' });
    expect(both.bytes.length).toBe(2 * busybox.length);
  });

  test('that match nothing are errors, the others are shown', async () => {
    const { code, stdout, stderr } = await cramfs(['ls', image, '/x*', '/bin', '/[']);
    expect([code, stdout]).toEqual([8, 'busybox\nsh\n']);
    expect(stderr).toContain("nothing in the image matches '/x*'\n");
    expect(stderr).toContain("bad glob '/['");
    expect(await cramfs(['cat', image, '/dev/*'])).toMatchObject({
      code: 8,
      stderr: expect.stringContaining(
        "nothing that this command can print matches '/dev/*'",
      ) as string,
    });
  });

  test('a path that is there is no pattern', async () => {
    const odd = folder.write('odd.img', buildRawImage({ 'a*': file('1'), ab: file('2') }).bytes);
    expect((await cramfs(['cat', odd, '/a*'])).stdout).toBe('1');
  });
});

describe('ls with the letters of ls(1)', () => {
  test.each(['-la', '-al', '-lh', '-lah', '-laR'])('%s', async (letters) => {
    const { code, stdout, stderr } = await cramfs(['ls', letters, image, '/bin']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^-rwsr-xr-x {2}0 {2}0 +(9000|8\.8K) {2}busybox$/m);
    expect(stdout.includes('8.8K')).toBe(letters.includes('h'));
  });

  test('-h alone is help', async () => {
    expect((await cramfs(['ls', '-h'])).stdout).toContain('--human-readable');
    expect((await cramfs(['cat', '-h', image])).stdout).toContain('Options:');
  });

  test('sizes are rounded up', async () => {
    const sizes = { a: 1023, b: 1024, c: 1025, d: 10_240, e: 10_241, f: 1_048_576, g: 16_777_215 };
    const tree = Object.fromEntries(
      Object.entries(sizes).map(([name, size]) => [
        name,
        file(new Uint8Array(size), { blocks: 'H'.repeat(Math.ceil(size / 4096)) }),
      ]),
    );
    const many = folder.write('sizes.img', buildRawImage(tree).bytes);
    const { stdout } = await cramfs(['ls', '-lh', many]);
    expect(stdout.match(/\S+(?= {2}\w$)/gm)).toEqual([
      '1023',
      '1.0K',
      '1.1K',
      '10K',
      '11K',
      '1.0M',
      '16M',
    ]);
  });
});
