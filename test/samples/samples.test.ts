import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32, formatMode } from 'cramfs-format';
import { checkImage, explainFile, explainLoaded, openImage, type CramfsImage } from 'cramfs-reader';
import { applyDeviceTable, applyOwnership, buildImageBytes, fitTree, type Problem } from 'mkcramfs';
import { readDirectorySource } from 'mkcramfs/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeWithPeers, runPeerOk } from '../helpers/peers.js';

const SAMPLES = new URL('../../samples/', import.meta.url);
const KERNEL = { pageSize: 4096, physAddr: 0x08000000 };

describe.each(['little', 'big'] as const)('the samples as a %s-endian XIP image', (endianness) => {
  let image: CramfsImage;
  const problems: Problem[] = [];

  beforeAll(async () => {
    const onProblem = (problem: Problem) => problems.push(problem);
    const root = readDirectorySource(fileURLToPath(new URL('rootfs', SAMPLES)), { onProblem });
    applyOwnership(root, { squash: true });
    const table = readFileSync(new URL('device-table.txt', SAMPLES), 'latin1');
    applyDeviceTable(root, table, { file: 'device-table.txt' });
    expect(fitTree(root, new Set())).toEqual([]);
    const include = (path: string): boolean => path.endsWith('.tab');
    const { image: bytes } = await buildImageBytes(root, {
      endianness,
      xip: { mode: 'mmu', include },
      onProblem,
    });
    image = openImage(bytes);
  });

  test('is sound', () => {
    expect(checkImage(image.bytes).findings).toEqual([]);
  });

  test('has one warning for each XIP file of whole pages', () => {
    expect(problems.map(({ path, message }) => [path, message.replace(/^.*\(|\)$/g, '')])).toEqual([
      ['/riscv64/bin/cat', 'kernel fact K1'],
      ['/usr/share/tables/sine.tab', 'kernel fact K1'],
    ]);
  });

  test('has what the device table adds', () => {
    const mode = (path: string) => formatMode(image.lookup(path).mode);
    expect(mode('/tmp')).toBe('drwxrwxrwt');
    expect(mode('/riscv64/bin/cat')).toBe('-rwsr-xr-x');
    expect(image.lookup('/dev/console').rdev).toEqual({ major: 5, minor: 1 });
    expect(image.lookup('/dev/mtd3').rdev).toEqual({ major: 90, minor: 6 });
    expect(image.lookup('/home/demo')).toMatchObject({ uid: 1000, gid: 100, size: 0 });
    // The contents are equal, but not the modes: no common inode (kernel fact K2).
    const [hosts, orig] = [image.lookup('/etc/hosts'), image.lookup('/etc/hosts.orig')];
    expect(image.readFile(orig)).toEqual(image.readFile(hosts));
    expect(orig.ino).not.toBe(hosts.ino);
  });

  test.each(['x86_64', 'aarch64', 'riscv64', 'i386', 'armhf', 'powerpc'])(
    'crc32sum for %s runs in place, all of it',
    (arch) => {
      const inode = image.lookup(`/${arch}/bin/crc32sum`);
      for (const mmu of [true, false]) {
        const { pages, directPages, segments } = explainFile(image, inode, { ...KERNEL, mmu });
        expect([pages, directPages]).toEqual([7, 7]);
        // Ignore .bss, which has no bytes in the file.
        const stored = segments!.filter(({ filesz }) => filesz > 0);
        expect(stored.map(({ reason }) => reason)).toEqual([undefined, undefined, undefined]);
      }
    },
  );

  test('holds the files as they are', () => {
    const files = [...image.walk()].filter(({ inode }) => inode.type === 'file');
    expect(files.length).toBeGreaterThan(45);
    for (const { path, inode } of files) {
      const original = readFileSync(
        Buffer.concat([
          Buffer.from(fileURLToPath(new URL('rootfs', SAMPLES))),
          Buffer.from(path, 'latin1'),
        ]),
      );
      expect(Buffer.compare(image.readFile(inode), original), path).toBe(0);
    }
  });
});

describe('the samples for Cortex-M without an MMU', () => {
  let image: CramfsImage;
  const problems: Problem[] = [];

  beforeAll(async () => {
    const onProblem = (problem: Problem) => problems.push(problem);
    const root = readDirectorySource(fileURLToPath(new URL('rootfs', SAMPLES)), { onProblem });
    applyOwnership(root, { squash: true });
    const xip = { mode: 'nommu' } as const;
    const { image: bytes } = await buildImageBytes(root, { xip, onProblem });
    image = openImage(bytes);
  });

  test.each([
    ['/cortex-m/fdpic/hello', 'fdpic', 1],
    ['/cortex-m/fdpic/crc32sum', 'fdpic', 5],
    ['/cortex-m/flat/hello', 'flat', 1],
    ['/cortex-m/flat/crc32sum', 'flat', 5],
    ['/cortex-m/flat/hello.z', 'flat', 1],
  ] as const)('%s runs in place', (path, format, pages) => {
    const explained = explainLoaded(image, image.lookup(path), { ...KERNEL, mmu: false });
    expect(explained).toMatchObject({ format, directPages: pages, hazard: undefined });
    const [text, data] = explained.segments!;
    expect([text!.directPages, data!.directPages]).toEqual([pages, 0]);
  });

  test('the ordinary programs beside them take no flash, and one line says so', () => {
    const ordinary = problems.filter(({ kind }) => kind === 'no-mmu');
    expect(ordinary.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^this and 35 more are ordinary ELF/),
    ]);
    const armhf = explainFile(image, image.lookup('/armhf/bin/crc32sum'), {
      ...KERNEL,
      mmu: false,
    });
    expect(armhf.directPages).toBe(0);
    expect(checkImage(image.bytes, { mmu: false }).findings).toEqual([]);
  });

  describeWithPeers('qemu-arm', 'they do what the others do', () => {
    const run = (program: string, ...args: string[]): string => {
      const path = fileURLToPath(new URL(`rootfs/cortex-m/${program}`, SAMPLES));
      return runPeerOk('qemu-arm', [path, ...args]).toString();
    };

    test.each(['fdpic', 'flat'])('%s', (format) => {
      const file = fileURLToPath(new URL('rootfs/etc/passwd', SAMPLES));
      const sum = crc32(readFileSync(file)).toString(16).padStart(8, '0');
      expect(run(`${format}/hello`)).toBe('hello, execute-in-place world\n');
      expect(run(`${format}/crc32sum`, file)).toBe(`${sum}  ${file}\n`);
    });
  });
});
