import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { countedImage } from '../helpers/check-image.js';
import { describeWithPeers, runPeer } from '../helpers/peers.js';
import { buildRawImage, file, fixCrc, noise, text, type RawImage } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson, fsck } from './run-cli.js';

const folder = new Folder();

/** Two files of compressed blocks, nothing wrong with them. */
function soundImage(): RawImage {
  return countedImage({ a: file(text(9000, 1)), b: file(text(5000, 2)) }, { flags: 3 });
}

/** The second block of `/a` does not inflate, the CRC is right. */
function damagedImage(): RawImage {
  const raw = soundImage();
  const { start } = raw.placed.get('/a')!.blocks[1]!;
  raw.bytes.fill(0xff, start + 10, start + 30);
  fixCrc(raw.bytes);
  return raw;
}

/** Kernel fact K1: Linux reads the last block as zeros. */
function misreadImage(): RawImage {
  return countedImage({ whole: file(noise(4096), { blocks: 'D' }) }, { flags: 0x803 });
}

describe('cramfs check', () => {
  test('a sound image', async () => {
    const image = folder.write('sound.img', soundImage().bytes);
    expect(await cramfs(['check', image])).toMatchObject({
      code: 0,
      stdout: `${image}: OK\n`,
      stderr: '',
    });
    const verbose = await cramfs(['check', '-v', image]);
    expect(verbose.stdout).toMatch(/^checked: +\d+ bytes, little endian\n/);
    expect(verbose.stdout).toContain(
      'blocks:      5 compressed, 0 uncompressed, 0 holes; 0 direct',
    );
    expect(await cramfsJson(['check', image])).toMatchObject({
      ok: true,
      errors: 0,
      warnings: 0,
      findings: [],
      suppressed: {},
      stats: {
        endianness: 'little',
        blockSize: 4096,
        flags: '0x3',
        entries: { directory: 1, file: 2 },
        blocks: { compressed: 5, uncompressed: 0, holes: 0, direct: 0 },
      },
    });
  });

  test('errors: a line each, exit 4', async () => {
    const raw = damagedImage();
    const image = folder.write('damaged.img', raw.bytes);
    const { code, stdout, stderr } = await cramfs(['check', image]);
    expect([code, stderr]).toEqual([4, '']);
    const offset = raw.placed.get('/a')!.blocks[1]!.start;
    const [finding, verdict] = stdout.trimEnd().split('\n');
    expect(finding).toBe(
      `${image}: error: offset 0x${offset.toString(16)}: block 1 is damaged: ` +
        'it is not a zlib stream of at most 4096 bytes (/a) [block-bad-data]',
    );
    expect(verdict).toBe(`${image}: 1 error`);
    const json = await cramfs(['check', '--json', image]);
    expect(json.code).toBe(4);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      errors: 1,
      findings: [{ code: 'block-bad-data', severity: 'error', path: '/a', offset }],
    });
  });

  test('warnings alone: exit 0', async () => {
    const image = folder.write('misread.img', misreadImage().bytes);
    const { code, stdout } = await cramfs(['check', image]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/: warning: .* \(\/whole\) \[k1-tail-reads-zero\]\n/);
    expect(stdout).toMatch(/: OK, but 1 warning\n$/);
  });

  test('a file that is not an image is an error of the file system, a missing file is not', async () => {
    const { code, stdout } = await cramfs(['check', folder.write('noise', noise(5000))]);
    expect([code, stdout]).toEqual([4, expect.stringContaining('[no-superblock]')]);
    expect((await cramfs(['check', folder.path('none')])).code).toBe(8);
    const { bytes } = soundImage();
    expect((await cramfs(['check', '-'], { stdin: bytes })).stdout).toBe('-: OK\n');
  });

  test('--page-size', async () => {
    const image = folder.write('sound.img', soundImage().bytes);
    const { code, stdout } = await cramfs(['check', image, '--page-size=16K']);
    expect([code, stdout]).toEqual([4, expect.stringContaining('[page-size]')]);
  });

  test('what is found too often is counted', async () => {
    const tree = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [
        `f${String(index).padStart(3, '0')}`,
        file('x', { blocks: [{ kind: 'C', stored: new Uint8Array(9) }] }),
      ]),
    );
    const image = folder.write('many.img', countedImage(tree, { flags: 3 }).bytes);
    const { code, stdout } = await cramfs(['check', image]);
    expect(code).toBe(4);
    expect(stdout).toContain(`${image}: and 290 more: [block-bad-data] (--verbose lists all)\n`);
    expect(stdout).toContain(`${image}: 300 errors\n`);
    expect((await cramfs(['check', '-v', image])).stdout.match(/: error: /g)).toHaveLength(300);
    const { findings, suppressed } = (await cramfsJson(['check', image])) as {
      findings: unknown[];
      suppressed: unknown;
    };
    expect([findings.length, suppressed]).toEqual([300, {}]);
  });
});

describe('an image that is cut off', () => {
  test('names every path that is lost, and no other', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `f${String(index).padStart(2, '0')}`);
    const tree = Object.fromEntries(names.map((name) => [name, file(noise(9000))]));
    const { bytes, placed } = buildRawImage(tree);
    const cut = placed.get('/f05')!.blocks[1]!.start;
    const image = folder.write('cut.img', bytes.subarray(0, cut));
    const { code, stdout } = await cramfs(['check', image]);
    expect(code).toBe(4);
    const lost = names.slice(5).map((name) => `/${name}`);
    expect(stdout.match(/(?<=: lost: ).*$/gm)).toEqual(lost);
    expect(await cramfs(['check', image, '--json'])).toMatchObject({ code: 4 });
    expect(JSON.parse((await cramfs(['check', image, '--json'])).stdout)).toMatchObject({ lost });
    const whole = folder.write('whole.img', bytes);
    expect(JSON.parse((await cramfs(['check', whole, '--json'])).stdout)).toMatchObject({
      lost: [],
    });
  });
});

describe('linear XIP', () => {
  test('is named, and nothing else is said of the file', async () => {
    const { bytes } = buildRawImage(
      { prog: file(noise(9000), { mode: 0o1755, blocks: 'HHH' }) },
      { roundTo: 20480 },
    );
    // The data on the next page, and zeros where others have pointers.
    const at = openImage(bytes).lookup('/prog').dataOffset;
    bytes.fill(0, at, 4096);
    bytes.set(noise(9000), 4096);
    fixCrc(bytes);
    const { code, stdout } = await cramfs(['check', folder.write('linear.img', bytes)]);
    expect(code).toBe(0);
    expect(stdout).toContain('linear XIP (patches of 2000 to 2010): mainline Linux misreads it');
    expect(stdout).not.toMatch(/block-length|block-outside|table-outside|hole-without-flag/);
  });
});

describe('fsck.cramfs', () => {
  test('-v begins with the endianness, in util-linux’ words', async () => {
    for (const endianness of ['little', 'big'] as const) {
      const { bytes } = buildRawImage({ f: file('x') }, { endianness });
      const { stdout } = await fsck(['-v', folder.write('endian.img', bytes)]);
      expect(stdout.split('\n')[0]).toBe(`cramfs endianness is ${endianness}`);
    }
  });

  test('a size that does not hold the superblock, in util-linux’ words', async () => {
    const { bytes } = buildRawImage({ f: file('x') }, { pad: 512, endianness: 'big', size: 76 });
    const image = folder.write('small.img', bytes);
    expect(await fsck([image])).toEqual(
      expect.objectContaining({
        code: 4,
        stdout: '',
        stderr: 'fsck.cramfs: superblock size (76) too small\n',
      }),
    );
  });

  test('says nothing about a sound image unless asked to', async () => {
    const image = folder.write('sound.img', soundImage().bytes);
    for (const argv of [[image], ['-a', '-y', image], ['-ay', image, '-b', '4096']]) {
      expect(await fsck(argv)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    }
    expect((await fsck(['--extract', image])).code).toBe(0);
    expect((await fsck(['-v', image])).stdout).toMatch(/\nentries: .*\n(.*\n)*.*: OK\n$/);
  });

  test('findings go to stderr', async () => {
    const image = folder.write('damaged.img', damagedImage().bytes);
    const { code, stdout, stderr } = await fsck([image]);
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/^fsck\.cramfs: .*: error: offset 0x.*\(\/a\) \[block-bad-data\]\n$/);
    const warned = await fsck([folder.write('misread.img', misreadImage().bytes)]);
    expect([warned.code, warned.stderr]).toEqual([0, expect.stringContaining(': warning: ')]);
  });

  test('-x and --extract= extract a sound image', async () => {
    const image = folder.write('sound.img', soundImage().bytes);
    for (const [name, option] of [
      ['one', ['-x', folder.path('one')]],
      ['two', [`--extract=${folder.path('two')}`]],
      ['three', [`-x${folder.path('three')}`]],
    ] as const) {
      expect((await fsck([...option, image])).code).toBe(0);
      expect(readFileSync(folder.path(name, 'a'))).toEqual(Buffer.from(text(9000, 1)));
    }
  });

  test('-c carries on and extracts what can be read', async () => {
    const image = folder.write('damaged.img', damagedImage().bytes);
    const target = folder.path('out');
    expect((await fsck(['-x', target, image])).code).toBe(4);
    expect(readdirSync(folder.path())).toEqual(['damaged.img']);
    expect((await fsck(['-c', '-x', target, image])).code).toBe(4);
    expect(readFileSync(join(target, 'b'))).toEqual(Buffer.from(text(5000, 2)));
    const expected = Buffer.from(text(9000, 1)).fill(0, 4096, 8192);
    expect(readFileSync(join(target, 'a'))).toEqual(expected);
  });

  test('help, version, and features nobody knows', async () => {
    expect((await fsck(['-h'])).stdout).toMatch(/^usage: fsck\.cramfs /);
    expect((await fsck(['-V'])).stdout).toMatch(/^fsck\.cramfs \d/);
    const unknown = countedImage({ a: file('x') }, { flags: 0x10003 });
    const { code, stderr } = await fsck([folder.write('unknown.img', unknown.bytes)]);
    expect([code, stderr]).toEqual([8, expect.stringContaining('[unsupported-flags]')]);
  });

  test.each([
    [[]],
    [['a', 'b']],
    [['-Q', 'a']],
    [['-b', '5000', 'a']],
    [['a', '-x']],
    [['--foo', 'a']],
  ])('%j is a usage error', async (argv) => {
    const { code, stdout, stderr } = await fsck(argv);
    expect([code, stdout]).toEqual([16, '']);
    expect(stderr).toMatch(/^fsck\.cramfs: [^\n]+\nTry 'fsck\.cramfs --help'\.\n$/);
  });
});

describeWithPeers('fsck.cramfs', 'exit codes are those of fsck.cramfs', () => {
  test.each(['sound', 'damaged CRC', 'cut off', 'no image', 'missing', 'unknown feature'])(
    '%s',
    async (kind) => {
      const path = folder.path('image');
      const { bytes } = soundImage();
      if (kind === 'damaged CRC') bytes[bytes.length - 1]! ^= 1;
      if (kind === 'cut off') writeFileSync(path, bytes.subarray(0, bytes.length - 4096));
      else if (kind === 'no image') writeFileSync(path, noise(5000));
      else if (kind === 'unknown feature') {
        writeFileSync(path, countedImage({ a: file('x') }, { flags: 0x10003 }).bytes);
      } else if (kind !== 'missing') writeFileSync(path, bytes);
      const theirs = runPeer('fsck.cramfs', [path]);
      expect((await fsck([path])).code).toBe(theirs.status);
    },
  );

  test.each([[[]], [['-Q', 'x']], [['a', 'b']], [['--help']], [['-V']], [['-b', 'big', 'x']]])(
    '%j',
    async (argv) => {
      const theirs = runPeer('fsck.cramfs', argv);
      expect((await fsck(argv)).code).toBe(theirs.status);
    },
  );
});
