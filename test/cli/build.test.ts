import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { flatFile } from '../helpers/nommu-programs.js';
import { noise, prose } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson, runTool } from './run-cli.js';

const folder = new Folder();
let source: string;
let image: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('rootfs.img');
  mkdirSync(join(source, 'bin'), { recursive: true });
  mkdirSync(join(source, 'etc'));
  const program = elfFile(32, true, [{ flags: 5, offset: 0, filesz: 9000 }], prose(9000, 1));
  write('bin/prog', program, 0o755);
  write('bin/script', Buffer.from('#!/bin/sh\n'), 0o1755);
  write('etc/motd', prose(10_000, 2));
  write('etc/whole', noise(4096, 3));
  symlinkSync('prog', join(source, 'bin/sh'));
});
function write(name: string, bytes: Uint8Array, mode = 0o644): void {
  writeFileSync(join(source, name), bytes);
  chmodSync(join(source, name), mode);
}

function build(...options: string[]) {
  return cramfs(['build', source, image, ...options]);
}

async function info(path = image): Promise<Record<string, unknown>> {
  return (await cramfsJson(['info', path])) as Record<string, unknown>;
}

/** JSON of one path of the image. */
async function stat(path: string): Promise<Record<string, unknown>> {
  const [status] = (await cramfsJson(['stat', image, path])) as Record<string, unknown>[];
  return status!;
}

/** Direct pages that a kernel with an MMU finds in a file. */
async function directPages(path: string): Promise<[direct: number, pages: number, tail: string]> {
  const { files } = (await cramfsJson(['map', image, '--mmu', path])) as {
    files: [{ pages: number; tail: string; mmu: { directPages: number } }];
  };
  const [{ pages, tail, mmu }] = files;
  return [mmu.directPages, pages, tail];
}

test('a directory: one line says what came out, and nothing is wrong with it', async () => {
  const { code, stdout, stderr } = await build();
  expect([code, stderr]).toEqual([0, '']);
  const { length } = readFileSync(image);
  expect(stdout).toMatch(
    new RegExp(`^${image}: ${length} bytes \\(\\d+\\.\\d % of 23110\\), 8 files, 0 XIP pages\\n$`),
  );
  expect((await cramfs(['check', image])).stdout).toBe(`${image}: OK\n`);
  const { bytes } = await cramfs(['cat', image, '/bin/sh']);
  expect(Buffer.compare(bytes, readFileSync(join(source, 'bin/prog')))).toBe(0);
  expect((await build('-v')).stdout).toMatch(/\ndirectories: +\d+ bytes\n/);
});

describe('formats', () => {
  test.each([
    ['--endian=big', { endianness: 'big' }],
    ['-B', { endianness: 'big' }],
    ['-L', { endianness: 'little' }],
    ['-N big', { endianness: 'big' }],
    ['--pad', { superblockOffset: 512 }],
    ['-b 16K', { blockSize: 16384 }],
    ['-n volume -e 7', { name: 'volume', edition: 7 }],
    ['--name=first --name=last', { name: 'last' }],
    ['-x', { flags: '0x803' }],
    ['--xip=nommu', { flags: '0x803' }],
    ['--best', { flags: '0x3' }],
    ['--compat=mkcramfs', { flags: '0x3' }],
    ['--compat=util-linux', { flags: '0x3' }],
  ])('%s', async (options, facts) => {
    expect((await build(...options.split(' '))).code).toBe(0);
    expect(await info()).toMatchObject(facts);
    expect((await cramfs(['check', image])).code).toBe(0);
  });

  test('holes and an inserted file', async () => {
    write('etc/zeros', new Uint8Array(9000));
    const insert = folder.path('kernel');
    writeFileSync(insert, 'a kernel');
    expect((await build('-z', '-i', insert)).code).toBe(0);
    expect(await stat('/etc/zeros')).toMatchObject({ blocks: { holes: 3 } });
    expect(readFileSync(image).subarray(76, 84).toString()).toBe('a kernel');
    expect(await build('-i', folder.path('none'))).toMatchObject({
      code: 8,
      stderr: `cramfs: ${folder.path('none')}: no such file or directory\n`,
    });
  });

  test('the number of workers makes no difference', async () => {
    await build('--workers=1');
    const one = readFileSync(image);
    await build('--workers', '3');
    expect(Buffer.compare(readFileSync(image), one)).toBe(0);
  });
});

describe('XIP', () => {
  test('programs by default, other files by pattern', async () => {
    await build('--xip');
    expect(await directPages('/bin/prog')).toEqual([3, 3, 'zero-padded']);
    expect(await directPages('/etc/motd')).toEqual([0, 3, 'none']);
    const { stdout } = await build('--xip=mmu', '--xip-include', '*/motd', '--xip-exclude', 'prog');
    expect(stdout).toMatch(/, 3 XIP pages\n$/);
    expect(await directPages('/bin/prog')).toEqual([0, 3, 'none']);
    expect(await directPages('/etc/motd')).toEqual([3, 3, 'zero-padded']);
  });

  test('the value of --xip may be a word of its own, the source is never taken for it', async () => {
    write('bin/flat', flatFile(noise(5000, 4), noise(500, 5)), 0o755);
    expect((await cramfs(['build', '--xip', 'nommu', source, image])).code).toBe(0);
    expect((await cramfs(['map', image, '--nommu', '--require', 'flat'])).code).toBe(0);
    expect((await cramfs(['map', image, '--mmu', '--require', 'prog'])).code).toBe(1);
    expect((await cramfs(['build', '--xip', source, image])).code).toBe(0);
    expect((await cramfs(['map', image, '--require', 'prog'])).code).toBe(0);
  });

  test('--xip-sticky', async () => {
    await build('--xip', '--xip-sticky');
    expect(await directPages('/bin/script')).toEqual([1, 1, 'zero-padded']);
  });

  test('tails, for all files and for some', async () => {
    await build('--xip', '--tail=share');
    expect(await directPages('/bin/prog')).toEqual([2, 3, 'shared']);
    await build('--xip', '--tail=share', '--tail', 'bin/*=pad', '--xip-include=motd');
    expect((await directPages('/bin/prog'))[2]).toBe('zero-padded');
    expect((await directPages('/etc/motd'))[2]).toBe('shared');
  });

  test('what cannot run in place is a warning, with -E an error', async () => {
    const warned = await build('--xip', '--xip-include=whole');
    expect(warned.code).toBe(0);
    expect(warned.stderr).toMatch(/^cramfs: .*source: warning: .*K1.* \(\/etc\/whole\)\n$/);
    rmSync(image);
    const refused = await build('--xip', '--xip-include=whole', '-E');
    expect(refused.code).toBe(8);
    expect(refused.stderr).toMatch(
      /\(\/etc\/whole\)\ncramfs: .*source: no image because of 1 warn/,
    );
    expect(readdirSync(folder.path())).toEqual(['source']);
  });
});

describe('owners, modes and devices', () => {
  test('--squash, --owner, --mode; the last rule that matches wins', async () => {
    await build(
      ...['--owner', '1:2', '--owner=/etc/*=3:4', '--mode', 'motd=0600', '--mode', '/bin/**=4711'],
    );
    expect(await stat('/bin')).toMatchObject({ uid: 1, gid: 2, mode: '4711' });
    expect(await stat('/etc')).toMatchObject({ uid: 1, mode: '0755' });
    expect(await stat('/etc/motd')).toMatchObject({ uid: 3, gid: 4, mode: '0600' });
    expect(await stat('/bin/prog')).toMatchObject({ uid: 1, mode: '4711' });
    await build('-q');
    expect(await stat('/bin')).toMatchObject({ uid: 0, gid: 0 });
    const { code, stderr } = await build('--owner', '/none=1:1');
    expect([code, stderr]).toEqual([0, expect.stringContaining("'/none=1:1' matches nothing")]);
  });

  test('device tables come after squashing, and rules after tables', async () => {
    const table = folder.path('table.txt');
    writeFileSync(
      table,
      '/dev d 755 0 0 - - - - -\n/dev/tty c 666 0 5 4 0 0 1 2\n/etc/motd f 600 8 9 - - - - -\n',
    );
    expect((await build('-q', '-D', table, '--mode', '/dev/tty1=0620')).code).toBe(0);
    expect(await stat('/dev/tty1')).toMatchObject({
      type: 'char-device',
      device: { major: 4, minor: 1 },
      mode: '0620',
      gid: 5,
    });
    expect(await stat('/etc/motd')).toMatchObject({ uid: 8, gid: 9, mode: '0600' });
    writeFileSync(table, '/dev d\n/x y\n');
    expect(await build('-D', table)).toMatchObject({
      code: 8,
      stderr: `cramfs: ${table}:2: unknown type 'y', expected one of f F d r c b p s\n`,
    });
  });

  test('what cramfs cannot hold is refused, and allowed on request', async () => {
    const refused = await build('--owner=70000:300');
    expect(refused.code).toBe(8);
    expect(refused.stderr).toContain('uid 70000 does not fit, at most 65535 (/bin)\n');
    expect(refused.stderr).toMatch(
      /: no image because of \d+ errors: .*--allow truncate-ids cuts ids\n$/,
    );
    expect(existsSync(image)).toBe(false);
    const allowed = await build('--owner=70000:300', '--allow', 'truncate-ids');
    expect(allowed.code).toBe(0);
    expect(allowed.stderr).toContain('warning: uid 70000 does not fit');
    expect(await stat('/etc/motd')).toMatchObject({ uid: 4464, gid: 44 });
    const strict = await build('--owner=70000:300', '--allow', 'truncate-ids', '-E');
    expect([strict.code, strict.stderr]).toEqual([8, expect.stringMatching(/warnings \(-E\)\n$/)]);
    const unknown = await build('--allow', 'everything');
    expect([unknown.code, unknown.stderr]).toEqual([16, expect.stringContaining("'everything'")]);
  });
});

test('--exclude', async () => {
  await build('--exclude', '/etc', '--exclude', 's*');
  expect((await cramfs(['ls', '-R', image])).stdout).toBe('/:\nbin\n\n/bin:\nprog\n');
});

describe('tar', () => {
  test('as a file, compressed, or on standard input; --exclude', async () => {
    await build('--owner=1000:100');
    const { bytes: tar } = await cramfs(['tar', image]);
    const archive = folder.path('rootfs.tar.gz');
    writeFileSync(archive, gzipSync(tar));
    const [fromFile, fromStdin] = [folder.path('file.img'), folder.path('stdin.img')];
    expect((await cramfs(['build', archive, fromFile])).code).toBe(0);
    expect((await cramfs(['diff', image, fromFile])).stdout).toBe('');
    expect(runTool('cramfs', ['build', '-', fromStdin], { input: tar }).status).toBe(0);
    expect(Buffer.compare(readFileSync(fromStdin), readFileSync(fromFile))).toBe(0);
    await cramfs(['build', archive, fromFile, '--exclude=/bin', '--exclude=motd']);
    expect((await cramfs(['ls', '-R', fromFile])).stdout).toBe('/:\netc\n\n/etc:\nwhole\n');
  });

  test('a file that is not a tar', async () => {
    const archive = folder.path('noise');
    writeFileSync(archive, noise(5000, 1));
    expect(await cramfs(['build', archive, image])).toMatchObject({
      code: 8,
      stderr: `cramfs: ${archive}: offset 0x0: not a tar archive\n`,
    });
  });
});

describe('compressed images', () => {
  test('by the name of the image or by option, the same bytes every time', async () => {
    await build();
    const plain = readFileSync(image);
    for (const [name, ...options] of [
      ['a.gz'],
      ['b.zst'],
      ['c.img', '--compress=gz'],
      ['d.img', '--compress', 'zst'],
      ['e.gz', '--compress=none'],
    ] as const) {
      const path = folder.path(name);
      expect((await cramfs(['build', source, path, ...options])).code).toBe(0);
      const stored = readFileSync(path);
      expect((await cramfs(['diff', '--layout', image, path])).code).toBe(0);
      if (name === 'e.gz') expect(Buffer.compare(stored, plain)).toBe(0);
      else expect(stored.length).toBeLessThan(plain.length);
      if (name === 'a.gz') expect(Buffer.compare(gunzipSync(stored), plain)).toBe(0);
      await cramfs(['build', source, path, ...options]);
      expect(Buffer.compare(readFileSync(path), stored)).toBe(0);
    }
    expect(readdirSync(folder.path()).sort()).toEqual([
      'a.gz',
      'b.zst',
      'c.img',
      'd.img',
      'e.gz',
      'rootfs.img',
      'source',
    ]);
  });
});

describe('--report', () => {
  test('as a table, with what XIP costs', async () => {
    const { code, stdout } = await build('--xip', '--report');
    expect(code).toBe(0);
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^FILE +SIZE +STORED +% .* SHARED$/);
    expect(lines.find((line) => line.startsWith('/bin/prog '))).toMatch(
      /^\/bin\/prog +9000 +\d+ +\d+\.\d +0 +0 +0 +3 +padded +3288 +\d+$/,
    );
    expect(lines.at(-1)).toMatch(/, 3 XIP pages for \d+ bytes of flash$/);
  });

  test('as JSON, alone on standard output', async () => {
    write('etc/copy', prose(10_000, 2));
    const { stdout } = await build('--xip', '--report=json');
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({
      size: readFileSync(image).length,
      endianness: 'little',
      blockSize: 4096,
      flags: '0x803',
      files: 9,
    });
    expect(report['entries']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: '/etc/copy', size: 10_000, sharedWith: null }),
        expect.objectContaining({ path: '/etc/motd', stored: 0, sharedWith: '/etc/copy' }),
        expect.objectContaining({
          path: '/bin/prog',
          xip: { pages: 3, padding: 3288, tail: 'padded', cost: expect.any(Number) as number },
        }),
      ]),
    );
  });
});

test('sources and outputs that cannot be', async () => {
  const none = folder.path('none');
  expect(await cramfs(['build', none, image])).toMatchObject({
    code: 8,
    stderr: `cramfs: ${none}: no such file or directory\n`,
  });
  expect(await cramfs(['build', source, join(none, 'x.img')])).toMatchObject({
    code: 8,
    stderr: `cramfs: ${join(none, 'x.img')}: no such file or directory\n`,
  });
  const full = await cramfs(['build', source, '/dev/full']);
  expect([full.code, full.stderr]).toEqual([8, 'cramfs: /dev/full: no space left on device\n']);
  const table = folder.write('table', new TextEncoder().encode('/dev d 755 0 0 - - - - -\n'));
  expect(await cramfs(['build', source, table, '-D', table])).toMatchObject({
    code: 16,
    stderr: expect.stringContaining(
      `the image would replace one of its inputs: ${table}`,
    ) as string,
  });
  const precious = join(source, 'etc/motd');
  const content = readFileSync(precious);
  const [soft, hard] = [folder.path('soft'), folder.path('hard')];
  symlinkSync(precious, soft);
  linkSync(precious, hard);
  for (const output of [precious, join(source, 'bin/../etc/motd'), soft, hard]) {
    const { code, stderr } = await cramfs(['build', source, output]);
    expect([code, stderr]).toEqual([
      16,
      expect.stringContaining('the image would replace one of its inputs: exclude it, or write'),
    ]);
    expect(readFileSync(precious)).toEqual(content);
  }
  expect((await cramfs(['build', source, precious, '--exclude', '/etc/motd'])).code).toBe(0);
  const fifo = folder.path('fifo');
  expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
  expect(await cramfs(['build', source, fifo])).toMatchObject({
    code: 16,
    stderr: expect.stringContaining(`${fifo} is a pipe or socket: give a file or device`) as string,
  });
  const long = await build('-n', 'a name of more than 16 bytes');
  expect([long.code, long.stderr]).toEqual([16, expect.stringContaining('does not fit 16 bytes')]);
});
