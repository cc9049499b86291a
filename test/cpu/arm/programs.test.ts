import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { cramfs } from '../../cli/run-cli.js';
import { copyTree, treeObstacle } from '../../helpers/debian-trees.js';
import {
  describeWithPeers,
  runPeer,
  runPeerOk,
  withTemporaryDirectory,
} from '../../helpers/peers.js';

/** The first one also waits for the command line and all it runs to be loaded. */
vi.setConfig({ testTimeout: 240_000 });

const SOURCE = join(import.meta.dirname, 'programs.c');
const NOMMU_SOURCE = join(import.meta.dirname, 'nommu.c');

/** Runs a program of an image. */
async function run(
  image: string,
  ...argv: readonly string[]
): Promise<{ code: number; stdout: string }> {
  const { code, stdout, stderr } = await cramfs(['exec', '--run', '-q', image, ...argv]);
  expect(stderr).toBe('');
  return { code, stdout };
}

describeWithPeers(['qemu-arm', 'arm-linux-gnueabihf-gcc'], 'a program in C', () => {
  test.each([
    ['A32', '-marm', '-O2'],
    ['T32', '-mthumb', '-O2'],
    ['T32 that is not optimized', '-mthumb', '-O0'],
    ['A32 with NEON', '-marm', '-O3', '-mfpu=neon-vfpv4', '-ffast-math'],
    ['T32 for a Cortex-A15', '-mthumb', '-O3', '-mcpu=cortex-a15', '-mfpu=neon-vfpv4'],
  ])('of %s prints what it prints under qemu-arm', async (_name, ...options) => {
    await withTemporaryDirectory(async (directory) => {
      const root = join(directory, 'root');
      mkdirSync(root);
      const program = join(root, 'program');
      const argv = ['-std=gnu11', ...options, '-static', SOURCE, '-o', program, '-lm'];
      runPeerOk('arm-linux-gnueabihf-gcc', argv);
      const image = join(directory, 'image');
      expect((await cramfs(['build', '-q', root, image])).code).toBe(0);
      const peer = runPeer('qemu-arm', [program, 'argument']);
      expect(await run(image, '/program', 'argument')).toEqual({
        code: peer.status,
        stdout: peer.stdout.toString(),
      });
    });
  });
});

/** A bFLT of text alone. */
function flat(text: Uint8Array, entry: number): Uint8Array {
  const header = Buffer.alloc(64);
  header.write('bFLT', 'latin1');
  const end = header.length + text.length;
  // rev, entry, data_start, data_end, bss_end, stack_size, reloc_start, reloc_count, flags: in RAM
  [4, header.length + entry, end, end, end, 4096, end, 0, 1].forEach((value, index) => {
    header.writeUInt32BE(value, 4 + index * 4);
  });
  return Buffer.concat([header, text]);
}

describeWithPeers('arm-linux-gnueabihf-gcc', 'a T32 program without an MMU', () => {
  const OPTIONS = [
    ...['-O2', '-mthumb', '-mcpu=cortex-m33', '-mfloat-abi=soft', '-ffreestanding', '-nostdlib'],
    ...['-fpie', '-static-pie', '-Wl,-e,begin,--build-id=none,--no-dynamic-linker'],
  ];
  const ELF_HEADER = { osAbi: 7, entry: 24 } as const;
  const ELFOSABI_ARM_FDPIC = 65;

  test('runs as bFLT, and as FDPIC in place', async () => {
    await withTemporaryDirectory(async (directory) => {
      const root = join(directory, 'root');
      mkdirSync(root);
      const elf = join(directory, 'elf');
      const page = '-Wl,-z,max-page-size=4096';
      runPeerOk('arm-linux-gnueabihf-gcc', [...OPTIONS, page, NOMMU_SOURCE, '-o', elf]);
      const bytes = readFileSync(elf);
      const entry = bytes.readUInt32LE(ELF_HEADER.entry);
      // The first segment is the file's first page.
      writeFileSync(join(root, 'flat'), flat(bytes.subarray(0, 1024), entry), { mode: 0o755 });
      bytes[ELF_HEADER.osAbi] = ELFOSABI_ARM_FDPIC;
      writeFileSync(join(root, 'fdpic'), bytes, { mode: 0o755 });
      const image = join(directory, 'image');
      expect((await cramfs(['build', '-q', '--xip', root, image])).code).toBe(0);
      for (const path of ['/flat', '/fdpic']) {
        const argv = ['exec', '--nommu', '--arch', 'arm', '--run', '--json', image, path];
        const { code, stdout, stderr } = await cramfs(argv);
        expect([code, stdout], stderr).toEqual([7, '3628800\n']);
        expect(JSON.parse(stderr)).toMatchObject({ romPages: path === '/fdpic' ? 1 : 0 });
      }
    });
  });
});

/** Applets, with what they read; their output depends on nothing else. */
const APPLETS: readonly (readonly [input: string, ...argv: string[]])[] = [
  ['3\n1\n2\n10\n', 'sort', '-rn'],
  ['1\n4\n9\n', 'sed', '-e', 's/4/four/;s/^/> /'],
  ['abc def\nx 7\n', 'awk', '{n += $2; print $2, 3.5*2, substr($1,2), n/3; printf "%e\n", n}'],
  ['1.5*3+2^10; scale=20; 22/7; sqrt(2)\n', 'bc'],
  ['hello world\n'.repeat(500), 'md5sum'],
  ['hello world\n'.repeat(500), 'sha1sum'],
  ['hello world\n'.repeat(500), 'sha256sum'],
  ['hello world\n'.repeat(500), 'sha512sum'],
  ['hello\n', 'od', '-c'],
  ['hello\n', 'hexdump', '-C'],
  ['hello\n', 'base64'],
  ['one two\nthree\n', 'wc'],
  ['a b c\nd\n', 'tr', 'a-c', 'A-C'],
  ['', 'seq', '1', '0.5', '4'],
  ['', 'printf', '%x %.3f %5s|%-5s|\n', '255', '3.14159', 'ab', 'cd'],
  ['', 'expr', '7', '*', '6'],
  ['', 'factor', '1234567890'],
  ['', 'date', '-u', '-d', '@86399'],
  ['', 'cal', '2', '2024'],
  ['', 'sh', '-c', 'for i in 1 2 3; do echo $((i*i)); done; echo $((7/2)) $((-7%3)) $((1<<20))'],
  ['', 'sh', '-c', 'f() { [ $1 -le 1 ] && echo 1 || echo $(( $(f $(($1-1))) * $1 )); }; f 7'],
  ['', 'sh', '-c', 'x=hello; echo ${#x} ${x%lo} ${x#he}; case $x in h*) echo yes;; esac'],
  ['', 'sh', '-c', '(exit 3); echo $?; trap "echo trapped" USR1; kill -USR1 $$; echo done'],
  ['', 'sh', '-c', 'echo a | (read x; echo got $x); set -- a b c; shift; echo $# $*; exit 9'],
];

const obstacle = treeObstacle('armhf');

describe.skipIf(obstacle !== undefined)(`Debian's busybox ${obstacle ?? ''}`, () => {
  describeWithPeers('qemu-arm', 'under qemu-arm', () => {
    test.each(['busybox-static', 'busybox'])('%s prints the same', async (name) => {
      await withTemporaryDirectory(async (directory) => {
        const root = join(directory, 'root');
        copyTree('armhf', root);
        const image = join(directory, 'image');
        expect((await cramfs(['build', '-q', root, image])).code).toBe(0);
        for (const [text, ...argv] of APPLETS) {
          const input = Buffer.from(text);
          const peer = runPeer('qemu-arm', ['-L', root, join(root, 'bin', name), ...argv], {
            input,
          });
          const ours = await cramfs(['exec', '--run', '-q', image, `/bin/${name}`, ...argv], {
            stdin: input,
          });
          const output = { code: ours.code, stdout: ours.stdout, stderr: ours.stderr };
          expect(output, argv.join(' ')).toEqual({
            code: peer.status,
            stdout: peer.stdout.toString(),
            stderr: peer.stderr,
          });
        }
      });
    });
  });
});
