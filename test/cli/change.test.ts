import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { crc32, gzipSync } from 'node:zlib';
import { lzmaCompress } from 'cramfs-archive/lzma';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildDialectImage, openRgBlock, stickyExtent } from '../helpers/dialect-images.js';
import { describeWithPeers, runPeerOk } from '../helpers/peers.js';
import { concat, noise, text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const folder = new Folder();
const read = (name: string): Uint8Array => readFileSync(folder.path(name));

/** A program that is in place with --xip, files that share blocks, holes, what does not compress. */
beforeEach(() => {
  mkdirSync(folder.path('tree/bin'), { recursive: true });
  mkdirSync(folder.path('tree/empty'));
  writeFileSync(folder.path('tree/bin/node'), readFileSync('/bin/true'), { mode: 0o755 });
  writeFileSync(folder.path('tree/bin/same'), readFileSync('/bin/true'), { mode: 0o755 });
  writeFileSync(folder.path('tree/noise'), noise(30_000));
  writeFileSync(folder.path('tree/more'), concat(noise(30_000), text(9000)));
  writeFileSync(folder.path('tree/zeros'), concat(new Uint8Array(20_000), text(100)));
  symlinkSync('bin/node', folder.path('tree/link'));
  folder.write('insert', noise(777));
  folder.write('new', 'something else\n');
});

/** Builds `old` with these options, then `new` from it and like it. */
async function rebuild(options: readonly string[]): Promise<void> {
  const old = folder.path('old.img');
  const build = await cramfs(['build', folder.path('tree'), old, '--quiet', ...options]);
  expect({ ...build, stderr: '' }).toMatchObject({ code: 0 });
  await expectSame(old);
}

async function expectSame(old: string): Promise<void> {
  const made = folder.path('again.img');
  const { code, stderr } = await cramfs(['build', old, made, '--like', old, '--quiet']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).not.toContain('only alike');
  expect(Buffer.compare(read('again.img'), readFileSync(old))).toBe(0);
}

describe('an image that is built from another one and like it has the same bytes', () => {
  test.each([
    [],
    ['--best'],
    ['-z', '-p', '-n', 'name', '-e', '7'],
    ['-B', '-b', '8192'],
    ['-i', 'INSERT'],
    ['-x'],
    ['-x', '-z', '--endian', 'big'],
    ['--xip=mmu'],
    ['--xip=mmu', '--tail', 'share'],
    ['--xip=mmu', '--tail', 'auto', '--xip-include', '/more', '-z'],
    ['--xip=nommu', '--xip-include', '/noise'],
    ['--xip=nommu', '--xip-include', '/noise', '--tail', 'pad', '--xip-align', '16'],
    ['--compat=util-linux', '-z', '-p'],
    ['--compat=util-linux', '-i', 'INSERT', '-N', 'big', '-b', '16384'],
    ['--compat=mkcramfs', '--force'],
    ['--compat=mkcramfs', '-x', '-z'],
    ['--compat=mkcramfs', '--xip=mmu', '--xip-include', '/noise', '--force'],
    ['--compat=mkcramfs', '--xip=nommu', '--xip-include', '/noise', '--force'],
  ])('%s %s %s %s', async (...options) => {
    await rebuild(options.map((option) => (option === 'INSERT' ? folder.path('insert') : option)));
  });

  describeWithPeers(['mkfs.cramfs'], 'mkfs.cramfs', () => {
    test.each([
      [],
      ['-b', '8192'],
      ['-e', '9', '-n', 'label'],
      ['-p'],
      ['-z'],
      ['-N', 'big'],
      ['-z', '-p', '-N', 'big', '-b', '16384'],
      ['-i', 'INSERT'],
    ])('%s %s %s %s', async (...options) => {
      const given = options.map((option) => (option === 'INSERT' ? folder.path('insert') : option));
      const old = folder.path('old.img');
      runPeerOk('mkfs.cramfs', [...given, folder.path('tree'), old]);
      await expectSame(old);
    });
  });

  test('boot code in the pad stays', async () => {
    await cramfs(['build', folder.path('tree'), folder.path('old.img'), '-p', '--quiet']);
    const bytes = Uint8Array.from(read('old.img'));
    bytes.set(noise(512));
    await expectSame(folder.write('boot.img', bytes));
  });
});

const TREE = {
  prog: { mode: 0o101755, content: noise(9000) },
  text: { mode: 0o100644, content: text(150_000), uid: 3, gid: 4 },
  link: { mode: 0o120777, content: Buffer.from('prog') },
};

describe('dialects are written', () => {
  test.each([
    [
      'openrg',
      {
        flags: 0xa003,
        blockSize: 65536,
        compress: (b: Uint8Array) => openRgBlock(lzmaCompress(b, 1)),
      },
    ],
    ['openrg', { flags: 0x5003, blockSize: 16384 }],
    ['linear-xip', { extent: stickyExtent }],
  ] as const)('%s', async (dialect, options) => {
    const old = folder.write('old.img', buildDialectImage(TREE, options));
    const made = folder.path('made.img');
    const change = ['--replace', `/prog=${folder.path('new')}`, '--quiet'];
    expect((await cramfs(['build', old, made, '--like', old, ...change])).code).toBe(0);
    expect(await cramfsJson(['info', made])).toMatchObject({ dialect, crc: { ok: true } });
    expect((await cramfs(['check', made])).code).toBe(0);
    expect((await cramfs(['diff', old, made])).stdout).toBe('! /prog: size 9000 -> 15, content\n');
    await expectSame(made);
  });

  test('others are not', async () => {
    const old = folder.write('old.img', buildDialectImage(TREE, { inodeSize: 16 }));
    const { code, stderr } = await cramfs(['build', old, folder.path('x'), '--like', old]);
    expect(code).toBe(8);
    expect(stderr).toContain('no image can be written like this one, of dialect jinke: ');
    // But a standard image can be made of them.
    expect((await cramfs(['build', old, folder.path('x'), '--quiet'])).code).toBe(0);
    expect((await cramfs(['diff', old, folder.path('x')])).stdout).toBe('');
  });
});

describe('changes of single entries', () => {
  const build = (...options: string[]) =>
    cramfs(['build', folder.path('tree'), folder.path('out.img'), '--quiet', '-q', ...options]);

  test('of any source', async () => {
    await build();
    const old = folder.write('old.img', read('out.img'));
    const changes = [
      ['--add', `/etc=${folder.path('tree/bin')}`],
      ['--add', `/empty/new=${folder.path('new')}`],
      ['--replace', `/noise=${folder.path('new')}`],
      ['--remove', '/zeros'],
      ['--chmod', '/bin/same=4711'],
      ['--chown', '/more=1000:100'],
      ['--chmod', '/=0700'],
    ].flat();
    expect(await build(...changes)).toMatchObject({ code: 0, stderr: '' });
    const fromTree = read('out.img');
    const { stdout } = await cramfs(['diff', old, folder.path('out.img')]);
    expect(stdout).toBe(
      '! /: mode drwxr-xr-x -> drwx------\n' +
        '! /bin/same: mode -rwxr-xr-x -> -rws--x--x\n' +
        '+ /empty/new\n+ /etc\n+ /etc/node\n+ /etc/same\n' +
        '! /more: owner 0:0 -> 1000:100\n' +
        '! /noise: size 30000 -> 15, content\n- /zeros\n',
    );
    const again = await cramfs(['build', old, folder.path('out.img'), '--quiet', ...changes]);
    expect(again.code).toBe(0);
    expect(Buffer.compare(read('out.img'), fromTree)).toBe(0);
  });

  test.each([
    [['--remove', '/none'], 8, 'no such file or directory (/none)'],
    [['--replace', '/bin=NEW'], 8, 'a directory has no content to replace (/bin)'],
    [['--add', '/noise=NEW'], 16, 'it already exists: use --replace (/noise)'],
    [['--add', '/none/x=NEW'], 8, 'no such file or directory (/none)'],
    [['--add', '/x/../y=NEW'], 16, 'not a path of an entry'],
    [['--remove', '/'], 16, 'the root directory stays (/)'],
    [['--add', '/x'], 16, "--add cannot be '/x': use PATH=FILE"],
    [['--chmod', '/noise=888'], 16, "--chmod cannot be '/noise=888'"],
    [['--chown', '/noise=root'], 16, "--chown cannot be '/noise=root'"],
    [['--add', '/x=/nothing/here'], 8, '/nothing/here: no such file or directory'],
  ])('%s', async (options, code, message) => {
    const given = options.map((option) => option.replace('NEW', folder.path('new')));
    const result = await build(...given);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
  });
});

describe('--splice', () => {
  let firmware = '';
  let image: Uint8Array = new Uint8Array(0);

  beforeEach(async () => {
    await cramfs(['build', folder.path('tree'), folder.path('old.img'), '--quiet']);
    image = read('old.img');
    firmware = folder.write('fw', concat(noise(100), uImage(image), noise(5000, 3)));
  });

  function uImage(data: Uint8Array): Uint8Array {
    const header = Buffer.alloc(64);
    header.writeUInt32BE(0x27051956, 0);
    header.writeUInt32BE(data.length, 12);
    header.writeUInt32BE(crc32(data), 24);
    header.writeUInt32BE(crc32(header), 4);
    return concat(header, data);
  }

  const build = (...options: string[]) =>
    cramfs([
      ...['build', firmware, folder.path('out'), '--offset', '164', '--like', firmware],
      ...['--splice', firmware, '--quiet', ...options],
    ]);

  function header(bytes: Uint8Array): { size: number; isRight: boolean } {
    const head = Buffer.from(bytes.subarray(100, 164));
    const size = head.readUInt32BE(12);
    const isData = crc32(bytes.subarray(164, 164 + size)) === head.readUInt32BE(24);
    const stored = head.readUInt32BE(4);
    head.writeUInt32BE(0, 4);
    return { size, isRight: isData && crc32(head) === stored };
  }

  test('nothing changes if nothing is changed', async () => {
    expect((await build()).code).toBe(0);
    expect(Buffer.compare(read('out'), readFileSync(firmware))).toBe(0);
  });

  test('a smaller image leaves its room empty, and the header is right', async () => {
    expect((await build('--remove', '/more', '--remove', '/noise', '--fill', 'ff')).code).toBe(0);
    const out = read('out');
    expect(out.length).toBe(readFileSync(firmware).length);
    const { size, isRight } = header(out);
    expect({ isRight, isSmaller: size < image.length }).toEqual({ isRight: true, isSmaller: true });
    const rest = out.subarray(164 + size, 164 + image.length);
    expect(rest.every((byte) => byte === 0xff)).toBe(true);
    expect(Buffer.compare(out.subarray(-5000), noise(5000, 3))).toBe(0);
    expect((await cramfs(['check', '--offset', '164', folder.path('out')])).code).toBe(0);
  });

  test('a larger one does not fit', async () => {
    const { code, stderr } = await build('--add', `/big=${folder.path('old.img')}`);
    expect(code).toBe(8);
    expect(stderr).toContain(
      'more than the old one: --grow takes the bytes after it, if they are empty',
    );
    expect(() => read('out')).toThrow('ENOENT');
    const grown = await build('--add', `/big=${folder.path('old.img')}`, '--grow');
    expect(grown.stderr).toContain('the bytes after it are not empty');
  });

  test('--grow takes what is empty', async () => {
    const free = new Uint8Array(1 << 20).fill(0xff);
    firmware = folder.write('fw', concat(noise(100), uImage(image), free, noise(50)));
    expect((await build('--add', `/big=${folder.path('old.img')}`, '--grow')).code).toBe(0);
    expect(header(read('out'))).toMatchObject({ isRight: true });
    expect(read('out').length).toBe(readFileSync(firmware).length);
    expect((await cramfs(['ls', '--offset', '164', folder.path('out'), '/big'])).code).toBe(0);
  });

  test('an image in a compressed stream is not put back', async () => {
    const packed = folder.write('packed', concat(noise(100), gzipSync(image), noise(50)));
    const into = (at: string) =>
      cramfs(['build', folder.path('tree'), folder.path('out'), '--splice', packed, '--at', at]);
    const { code, stderr } = await into('100');
    expect(code).toBe(8);
    expect(stderr).toContain(
      'the image is in a gzip stream there: decompress that, put the image into it, and compress it again\n',
    );
    expect((await into('5')).stderr).toContain(
      'but in compressed streams: `cramfs find` lists them\n',
    );
    expect(() => read('out')).toThrow('ENOENT');
    const none = folder.write('none', noise(500));
    const nothing = await cramfs([
      ...['build', folder.path('tree'), folder.path('out'), '--splice', none, '--at', '5'],
    ]);
    expect(nothing.stderr).toContain('there is no image in the file\n');
  });

  test('there must be an image, and a place', async () => {
    const elsewhere = await build('--at', '5');
    expect(elsewhere.code).toBe(8);
    expect(elsewhere.stderr).toContain('there is no image there, but at 0xa4\n');
    expect((await build('--at', '9999999')).stderr).toContain(
      'there is no image there, but at 0xa4',
    );
    const tree = folder.path('tree');
    expect((await cramfs(['build', tree, folder.path('out'), '--splice', firmware])).code).toBe(16);
    expect((await cramfs(['build', tree, folder.path('out'), '--at', '1'])).code).toBe(16);
  });
});
