import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { treeDifferences } from '../helpers/disk-trees.js';
import { describeWithPeers, runPeerOk } from '../helpers/peers.js';
import { buildRawImage, directory, file, noise, symlink, text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';
import { sampleImage } from './sample-image.js';

const folder = new Folder();
let image: string;
let special: string;
beforeEach(() => {
  const tree = {
    bin: directory({ cat: file(noise(5000), { mode: 0o755 }), sh: symlink('cat') }),
    etc: directory({ motd: file(text(6000)) }),
  };
  image = folder.write('plain.img', buildRawImage(tree).bytes);
  special = folder.write('special.img', sampleImage().bytes);
});

describe('extract', () => {
  test('everything', async () => {
    const target = folder.path('all');
    const { code, stdout } = await cramfs(['extract', image, '-C', target]);
    expect([code, stdout]).toEqual([
      0,
      'extracted 2 files (11000 bytes), 2 directories, 1 symlink, 0 devices and fifos\n',
    ]);
    expect(readFileSync(join(target, 'bin/sh'))).toEqual(Buffer.from(noise(5000)));
    expect(statSync(join(target, 'bin/cat')).mode & 0o7777).toBe(0o755);
  });

  test('paths and patterns', async () => {
    const target = folder.path('some');
    expect((await cramfs(['extract', image, '/etc', '-C', target])).code).toBe(0);
    expect(readdirSync(target)).toEqual(['etc']);
    expect((await cramfs(['extract', image, 's*', '-C', target])).code).toBe(0);
    expect(readdirSync(join(target, 'bin'))).toEqual(['sh']);
    const missing = await cramfs(['extract', image, '/none', '-C', target]);
    expect([missing.code, missing.stderr]).toEqual([
      8,
      `cramfs: ${image}: nothing in the image matches '/none'\n`,
    ]);
  });

  test('existing files are errors without --force', async () => {
    const target = folder.path('twice');
    const argv = ['extract', image, '-C', target];
    expect((await cramfs(argv)).code).toBe(0);
    const again = await cramfs(argv);
    expect(again.code).toBe(8);
    expect(again.stderr).toContain(`cramfs: ${image}: file already exists (/etc/motd)\n`);
    expect(again.stdout).toMatch(/^extracted 0 files \(0 bytes\), /);
    expect((await cramfs([...argv, '--force'])).code).toBe(0);
  });

  test('devices and setuid bits can be left out, with a warning each', async () => {
    const target = folder.path('special');
    const argv = ['extract', special, '-C', target, '--devices=skip', '--no-setuid', '--no-owner'];
    const { code, stderr } = await cramfs(argv);
    expect(code).toBe(0);
    expect(stderr).toContain('warning: a character device 5,1: left out (/dev/console)\n');
    expect(stderr).toContain('warning: a socket: left out (/dev/log)\n');
    expect(stderr).toMatch(/warning: .*setuid.* \(\/bin\/busybox\)\n/);
    expect(statSync(join(target, 'bin/busybox')).mode & 0o7777).toBe(0o755);
  });

  test('--json', async () => {
    const target = folder.path('json');
    expect(await cramfsJson(['extract', image, '-C', target])).toEqual({
      offset: 0,
      directories: 2,
      files: 2,
      symlinks: 1,
      nodes: 0,
      bytes: 11000,
      problems: [],
    });
    const again = await cramfs(['extract', image, '-C', target, '--json', '/etc/motd']);
    expect(JSON.parse(again.stdout)).toMatchObject({
      files: 0,
      problems: [{ severity: 'error', path: '/etc/motd', offset: null, code: 'EEXIST' }],
    });
  });

  test('a damaged file is an error and not there, or has zeros', async () => {
    const raw = buildRawImage({ a: file(text(9000)), b: file('fine') });
    const { start } = raw.placed.get('/a')!.blocks[1]!;
    raw.bytes.fill(0xff, start + 10, start + 30);
    const damaged = folder.write('damaged.img', raw.bytes);
    const removed = folder.path('removed');
    const { code, stderr } = await cramfs(['extract', damaged, '-C', removed]);
    expect(code).toBe(8);
    expect(stderr).toMatch(/^cramfs: .*damaged\.img: offset 0x[0-9a-f]+: .* \(\/a\)\n$/m);
    expect(readdirSync(removed)).toEqual(['b']);
    const zeros = folder.path('zeros');
    expect((await cramfs(['extract', damaged, '-C', zeros, '--damage=zeros'])).code).toBe(8);
    const expected = Buffer.from(text(9000)).fill(0, 4096, 8192);
    expect(readFileSync(join(zeros, 'a'))).toEqual(expected);
  });

  describe('an image whose CRC is wrong, or that is cut off', () => {
    const WARNING =
      /^cramfs: .*: warning: the (CRC of the )?image is (wrong|cut off), files may be/m;

    test.each([
      ['wrong', (bytes: Uint8Array) => bytes],
      ['cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 4096)],
    ])('%s: files are written, exit code 4', async (_name, damage) => {
      const { bytes } = buildRawImage({ a: file('fine') }, { crc: 1, roundTo: 12288 });
      const damaged = folder.write('damaged.img', damage(bytes));
      const target = folder.path('target');
      const { code, stderr, stdout } = await cramfs(['extract', damaged, '-C', target]);
      expect([code, stdout]).toEqual([4, expect.stringContaining('extracted 1 file (4 bytes)')]);
      expect(stderr).toMatch(WARNING);
      expect(readFileSync(join(target, 'a'), 'utf8')).toBe('fine');
      const json = await cramfs(['extract', damaged, '--json', '-f', '-C', target]);
      expect(json.code).toBe(4);
      expect(JSON.parse(json.stdout)).toMatchObject({
        problems: [{ severity: 'warning', code: 'CRC_MISMATCH', path: null }],
      });
      expect(await cramfs(['cat', damaged, '/a'])).toMatchObject({
        code: 0,
        stdout: 'fine',
        stderr: expect.stringMatching(WARNING) as string,
      });
      expect(await cramfs(['tar', damaged])).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(WARNING) as string,
      });
    });

    test('one that is stored in the other byte order is right, one that is not there no fault', async () => {
      const { bytes } = buildRawImage({ a: file('fine') });
      Buffer.from(bytes.buffer).subarray(32, 36).reverse();
      const swapped = folder.write('swapped.img', bytes);
      const old = folder.write('old.img', buildRawImage({ a: file('fine') }, { v1: true }).bytes);
      for (const sound of [swapped, old]) {
        expect(await cramfs(['cat', sound, '/a'])).toMatchObject({ code: 0, stderr: '' });
      }
    });
  });

  test('a target that cannot be', async () => {
    const { code, stderr } = await cramfs(['extract', image, '-C', join(image, 'x')]);
    expect([code, stderr]).toEqual([8, `cramfs: ${join(image, 'x')}: not a directory\n`]);
    expect(await cramfs(['extract', image, '-C', image])).toMatchObject({
      code: 8,
      stderr: `cramfs: ${image}: not a directory\n`,
    });
  });
});

describe('tar', () => {
  test('to standard output or a file, the same bytes', async () => {
    const output = folder.path('out.tar');
    expect(await cramfs(['tar', image, '-o', output])).toMatchObject({ code: 0, stdout: '' });
    const { bytes } = await cramfs(['tar', image]);
    expect(Buffer.compare(readFileSync(output), bytes)).toBe(0);
    expect(bytes.length % 10240).toBe(0);
  });

  test('parts; a socket is left out with a message', async () => {
    const { code, bytes, stderr } = await cramfs(['tar', special, '/dev']);
    const warning = `cramfs: ${special}: warning: left out: a tar cannot hold a socket (/dev/log)\n`;
    expect([code, stderr]).toEqual([0, warning]);
    const extracted = await cramfs(['extract', special, '/dev/log', '-C', folder.path('dev')]);
    expect(extracted).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/: warning: a socket: left out \(\/dev\/log\)\n/) as string,
    });
    const names = Buffer.from(bytes)
      .toString('latin1')
      .match(/\.\/dev\/\w+/g);
    expect(names).toEqual(['./dev/console', './dev/disk', './dev/pipe']);
  });

  test('never to a terminal', async () => {
    const { code, stdout } = await cramfs(['tar', image], { terminal: true });
    expect([code, stdout]).toEqual([16, '']);
  });

  test('an output that cannot be written', async () => {
    const output = folder.path('none', 'out.tar');
    const { code, stderr } = await cramfs(['tar', image, '-o', output]);
    expect([code, stderr]).toEqual([
      8,
      expect.stringMatching(new RegExp(`^cramfs: ${output}: no such file or directory`)),
    ]);
  });
});

describeWithPeers('tar', 'tar and extract agree', () => {
  test('GNU tar extracts what extract extracts', async () => {
    const [viaTar, direct] = [folder.path('via-tar'), folder.path('direct')];
    const { bytes } = await cramfs(['tar', image]);
    runPeerOk('tar', ['-x', '-C', folder.path(), '--one-top-level=via-tar'], { input: bytes });
    await cramfs(['extract', image, '-C', direct]);
    expect(treeDifferences(direct, viaTar)).toEqual([]);
  });
});

describe('diff', () => {
  function write(name: string, tree: Parameters<typeof buildRawImage>[0], big = false): string {
    const { bytes } = buildRawImage(tree, { endianness: big ? 'big' : 'little' });
    return folder.write(name, bytes);
  }

  test('layout and byte order make no difference, content does', async () => {
    const one = write('one.img', { a: file(text(9000)), gone: file('x'), l: symlink('a') });
    const same = write('same.img', { a: file(text(9000)), gone: file('x'), l: symlink('a') }, true);
    const other = write('other.img', {
      a: file(text(9000, 2), { mode: 0o4755, uid: 7 }),
      l: symlink('b'),
      new: file('y'),
    });
    expect(await cramfs(['diff', one, same])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { code, stdout } = await cramfs(['diff', one, other]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        '! /a: mode -rw-r--r-- -> -rwsr-xr-x, owner 0:0 -> 7:0, content',
        '- /gone',
        '! /l: target a -> b',
        '+ /new',
        '',
      ].join('\n'),
    );
    const json = await cramfs(['diff', one, other, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject([
      {
        path: '/a',
        kind: 'changed',
        what: ['mode', 'owner', 'content'],
        before: { mode: '0644', uid: 0 },
        after: { mode: '4755', uid: 7 },
      },
      { path: '/gone', kind: 'removed', what: [], after: null },
      { path: '/l', before: { target: 'a' }, after: { target: 'b' } },
      { path: '/new', kind: 'added', before: null },
    ]);
  });

  test('what is damaged is named with its image, the rest is compared', async () => {
    const raw = buildRawImage({ a: file(text(9000)), b: file('old'), l: symlink('a') });
    raw.bytes.fill(0xff, raw.placed.get('/a')!.blocks[1]!.start + 10, raw.bytes.length);
    const damaged = folder.write('damaged.img', raw.bytes);
    const sound = write('sound.img', { a: file(text(9000)), b: file('new'), l: symlink('a') });
    for (const argv of [
      [damaged, sound],
      [sound, damaged],
    ]) {
      const { code, stderr } = await cramfs(['diff', ...argv]);
      expect(code).toBe(8);
      expect(stderr).toMatch(/^(cramfs: .*damaged\.img: offset 0x[^\n]* \(\/[abl]\)\n)+$/);
      expect(stderr).toContain('(/a)');
    }
    const cut = folder.write('cut.img', raw.bytes.subarray(0, raw.placed.get('/a')!.offset));
    const { stdout } = await cramfs(['diff', cut, write('more.img', { new: file('y') })]);
    expect(stdout).toBe('- /a\n- /b\n- /l\n+ /new\n');
  });

  test('standard input can be one of them', async () => {
    const { bytes } = buildRawImage({ a: file('a') });
    expect(
      (await cramfs(['diff', '-', write('a.img', { a: file('a') })], { stdin: bytes })).code,
    ).toBe(0);
    expect((await cramfs(['diff', '-', '-'], { stdin: bytes })).code).toBe(16);
  });

  test('--layout', async () => {
    const one = write('c.img', { a: file(text(9000)) });
    const two = write('d.img', { a: file(text(9000), { blocks: 'CUD' }) });
    expect((await cramfs(['diff', one, two])).code).toBe(0);
    expect(await cramfs(['diff', one, two, '--layout'])).toMatchObject({
      code: 1,
      stdout: '! /a: layout\n',
    });
  });
});
