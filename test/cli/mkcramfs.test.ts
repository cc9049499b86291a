import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { flatFile } from '../helpers/nommu-programs.js';
import { describeWithPeers, runPeer } from '../helpers/peers.js';
import { noise, prose } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson, mkcramfs } from './run-cli.js';

const HOST = endianness() === 'LE' ? 'little' : 'big';

const folder = new Folder();
let source: string;
let image: string;
beforeEach(() => {
  source = folder.path('source');
  image = folder.path('image');
  mkdirSync(source);
  const program = elfFile(32, true, [{ flags: 5, offset: 0, filesz: 5000 }], prose(5000, 1));
  writeFileSync(join(source, 'prog'), program);
  writeFileSync(join(source, 'text'), prose(9000, 2));
  writeFileSync(join(source, 'zeros'), new Uint8Array(9000));
});

async function info(): Promise<unknown> {
  return cramfsJson(['info', image]);
}

test('quiet, unless -v', async () => {
  expect(await mkcramfs([source, image])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await info()).toMatchObject({ endianness: HOST, blockSize: 4096, flags: '0x3' });
  const { stdout } = await mkcramfs(['-v', source, image]);
  expect(stdout).toMatch(/^ +\d+\.\d % {2}\/prog\n( +\d+\.\d % .*\n){2}.*image: \d+ bytes /);
});

describe('options have the letters and the meaning of the C tools', () => {
  test.each([
    [['-N', 'big'], { endianness: 'big' }],
    [['-Nlittle'], { endianness: 'little' }],
    [['-B'], { endianness: 'big' }],
    [['-L'], { endianness: 'little' }],
    [['-e1', '-nfoo'], { edition: 1, name: 'foo' }],
    [['-e', '4294967295', '-n', 'foo'], { edition: 0xffffffff, name: 'foo' }],
    [['-b', '8192'], { blockSize: 8192 }],
    [['-p'], { superblockOffset: 512 }],
    [['-psE'], { superblockOffset: 512 }],
    [['-z'], { flags: '0x103', contents: { blocks: { holes: 3 } } }],
    [['-x'], { flags: '0x803' }],
    [['-l'], { flags: '0x3' }],
    [['-l=nonblock'], { flags: '0x3' }],
    [['-q'], { root: { uid: 0, gid: 0 } }],
    [['--best'], { flags: '0x3' }],
    [['--compat', 'util-linux'], { flags: '0x3' }],
  ])('%j', async (options, facts) => {
    expect(await mkcramfs([...options, source, image])).toMatchObject({ code: 0, stderr: '' });
    expect(await info()).toMatchObject(facts);
    expect((await cramfs(['check', image])).code).toBe(0);
  });

  test('options may follow the operands', async () => {
    expect((await mkcramfs([source, '-N', 'big', image, '-n', 'foo'])).code).toBe(0);
    expect(await info()).toMatchObject({ endianness: 'big', name: 'foo' });
  });

  describe('-X is XIP without an MMU, -X -X with one, bundled or not', () => {
    const required = async (path: string, ...options: string[]): Promise<number> =>
      (await cramfs(['map', image, '--require', path, ...options])).code;

    test('-X: what such a kernel runs in place, and with --compat what the C tool stores so', async () => {
      writeFileSync(join(source, 'flat'), flatFile(noise(5000, 4), noise(500, 5)));
      const { code, stderr } = await mkcramfs(['-X', source, image]);
      expect([code, stderr]).toEqual([
        0,
        expect.stringMatching(/^[^\n]*ordinary ELF.*\(\/prog\)\n$/),
      ]);
      expect(await required('/flat', '--nommu')).toBe(0);
      expect(await required('/prog', '--mmu')).toBe(1);
      const compat = ['-X', '-x', '--compat', 'mkcramfs', '--force'];
      expect((await mkcramfs([...compat, source, image])).code).toBe(0);
      expect((await info()) as object).toMatchObject({ contents: { blocks: { direct: 2 } } });
    });

    test.each([[['-X', '-X']], [['-XX']], [['-Xx', '-X']]])('%j', async (options) => {
      expect((await mkcramfs([...options, source, image])).code).toBe(0);
      expect(await required('/prog', '--mmu')).toBe(0);
    });
  });

  test('-i and -D', async () => {
    const [insert, table] = [folder.path('kernel'), folder.path('table')];
    writeFileSync(insert, 'a kernel');
    writeFileSync(table, '/null c 666 0 0 1 3 - - -\n');
    expect((await mkcramfs(['-i', insert, '-D', table, source, image])).code).toBe(0);
    expect(readFileSync(image).subarray(76, 84).toString()).toBe('a kernel');
    expect((await cramfs(['ls', '-l', image, '/null'])).stdout).toBe(
      'crw-rw-rw-  0  0  1, 3  /null\n',
    );
  });
});

test('truncation is refused by default, allowed by --allow, and -E refuses that too', async () => {
  const table = folder.path('table');
  writeFileSync(table, '/text f 644 0 300 - - - - -\n');
  const refused = await mkcramfs(['-D', table, source, image]);
  expect([refused.code, existsSync(image)]).toEqual([8, false]);
  expect(refused.stderr).toMatch(
    /^mkcramfs: .*source: gid 300 does not fit, at most 255 \(\/text\)\n/,
  );
  const allow = ['--allow', 'truncate-ids', '-D', table, source, image];
  const allowed = await mkcramfs(allow);
  expect([allowed.code, allowed.stderr]).toEqual([0, expect.stringContaining('warning: gid 300')]);
  rmSync(image);
  expect((await mkcramfs(['-E', ...allow])).code).toBe(8);
  expect(existsSync(image)).toBe(false);
});

test('help and version', async () => {
  const { code, stdout } = await mkcramfs(['-h']);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^usage: mkcramfs /)]);
  expect((await mkcramfs(['--help', 'anything'])).stdout).toBe(stdout);
  expect((await mkcramfs(['-V'])).stdout).toMatch(/^mkcramfs \d/);
});

test.each([
  [[]],
  [['a']],
  [['a', 'b', 'c']],
  [['-Q', 'a', 'b']],
  [['--frobnicate', 'a', 'b']],
  [['-N', 'middle', 'a', 'b']],
  [['-e', 'one', 'a', 'b']],
  [['-b', '5000', 'a', 'b']],
  [['-n']],
  [['--allow', 'all', 'a', 'b']],
  [['-l=maybe', 'a', 'b']],
])('%j is a usage error', async (argv) => {
  const { code, stdout, stderr } = await mkcramfs(argv);
  expect([code, stdout]).toEqual([16, '']);
  expect(stderr).toMatch(/^mkcramfs: [^\n]+\nTry 'mkcramfs --help'\.\n$/);
});

describeWithPeers('mkfs.cramfs', 'beside mkfs.cramfs', () => {
  test.each([
    [['-h']],
    [['--help']],
    [['-V']],
    [['--version']],
    [['-Q', 'source', 'image']],
    [['source']],
    [['source', 'image', 'more']],
    [['-N', 'middle', 'source', 'image']],
    [['-e', 'one', 'source', 'image']],
    [['-b', 'big', 'source', 'image']],
    [['-vEsz', '-e1', '-n', 'name', 'source', 'image']],
    [['source', '-p', 'image', '-Nbig']],
  ])('%j has the same exit code', async (argv) => {
    const own = argv.map((word) => word.replace(/^(source|image)$/, folder.path('$1')));
    const theirs = runPeer('mkfs.cramfs', argv, { cwd: folder.path() });
    expect((await mkcramfs(own)).code).toBe(theirs.status);
  });

  test.each([[[]], [['-N', 'big']], [['-p', '-e', '5', '-n', 'foo']], [['-b', '16384']]])(
    '--compat util-linux makes the same bytes with %j',
    async (options) => {
      const theirs = folder.path('theirs');
      writeFileSync(join(source, 'noise'), noise(20_000, 7));
      expect(runPeer('mkfs.cramfs', [...options, source, theirs]).status).toBe(0);
      const { code } = await mkcramfs(['--compat', 'util-linux', ...options, source, image]);
      expect(code).toBe(0);
      expect(Buffer.compare(readFileSync(image), readFileSync(theirs))).toBe(0);
    },
  );
});
