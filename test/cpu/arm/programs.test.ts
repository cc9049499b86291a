import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cramfs } from '../../cli/run-cli.js';
import { copyTree, treeObstacle } from '../../helpers/debian-trees.js';
import {
  describeWithPeers,
  runPeer,
  runPeerOk,
  withTemporaryDirectory,
} from '../../helpers/peers.js';

const SOURCE = join(import.meta.dirname, 'programs.c');

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
