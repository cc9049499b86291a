import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { elfObject, type ElfObjectOptions } from '../../bench/src/emulator/elf-object.js';
import { buildImageBytes, type BuildOptions, type DirectoryEntry } from 'mkcramfs';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  special,
  symlink,
  text,
  type RawBlock,
  type RawImageOptions,
  type RawNode,
  type RawTree,
} from '../helpers/raw-image.js';
import * as tree from '../helpers/trees.js';
import { CORPUS_DIRECTORY } from './corpus.js';

// Writes the seed corpus again: see README.md. It has small images of every kind, made by three
// builders that share no code.

const SAMPLES = new URL('../../../../../samples/rootfs/', import.meta.url);
/** Where Debian has it; npm's PATH would find our own drop-in command first. */
const MKFS_CRAMFS = '/usr/sbin/mkfs.cramfs';

const ZERO_PAGE = new Uint8Array(4096);

/** Files with every kind of block. `size` is that of a block. */
function everyBlockKind(size: number): RawTree {
  const holes = concat(text(size), new Uint8Array(2 * size), text(size, 2));
  return {
    bin: directory(
      {
        direct: file(noise(2 * size + 100), {
          mode: 0o755,
          blocks: [{ kind: 'D', align: size }, 'D', { kind: 'D', tail: 'zero' }],
        }),
        mixed: file(concat(text(size, 4), noise(size), text(size, 5), noise(300)), {
          blocks: ['Z', 'U', 'C', 'D'],
        }),
      },
      { mode: 0o700, uid: 1000, gid: 100 },
    ),
    'direct-compressed': file(text(2 * size + 9, 3), { blocks: 'ZZZ' }),
    empty: file(''),
    holes: file(holes, { blocks: 'CHHC' }),
    'holes-direct': file(holes, { blocks: 'ZzzU' }),
    link: symlink('bin/mixed'),
    'link-stored': symlink('holes', { blocks: 'U' }),
    plain: file(text(3 * size + 17)),
    shared: file(concat(noise(size), text(size, 2)), {
      blocks: [{ kind: 'D', sameAs: ['/bin/direct', 0] }, 'Z'],
    }),
    stored: file(noise(size + 1), { blocks: 'UU' }),
  };
}

const SPECIALS: RawTree = {
  dev: directory({
    console: special(0o20600, 0x0501),
    fifo: special(0o10644),
    log: special(0o140777),
    sda: special(0o60660, 0x0800, { gid: 6 }),
    unknown: special(0o150644, 7),
  }),
  sbin: directory({
    setgid: file('#!/bin/sh\n', { mode: 0o2755, gid: 42 }),
    setuid: file('#!/bin/sh\n', { mode: 0o4755 }),
    sticky: file('#!/bin/sh\n', { mode: 0o1777 }),
  }),
  tmp: directory({}, { mode: 0o1777 }),
  unreadable: file('secret', { mode: 0 }),
};

const NAMES: RawTree = [
  ['\x01\x02', file('control')],
  [' ', file('space')],
  ['-rf', file('dash')],
  ['Gr\xc3\xb6\xc3\x9fe', file('UTF-8')],
  ['\xff\xfe', file('not UTF-8')],
  ['a\\x00b', file('looks escaped')],
  ['n'.repeat(252), file('longest')],
  ['new\nline', file('newline')],
];

/** Everything that a name or a symlink could do to somebody's disk. */
const TRICKS: RawTree = [
  ['..', directory({ escaped: file('outside') })],
  ['.', directory({ here: file('here') })],
  ['a/b', file('slash')],
  ['../escaped', file('outside')],
  ['nul', file('nul', { rawName: Uint8Array.from([110, 0, 117, 108]) })],
  ['up', symlink('..', { blocks: 'U' })],
  ['up', directory({ escaped: file('outside') })],
  ['out', symlink('../outside', { blocks: 'U' })],
  ['out', file('outside')],
  ['file', file('a')],
  ['file', directory({ below: file('b') })],
  ['loop', symlink('loop')],
];

const LOOPS: RawTree = {
  a: directory({
    b: directory({ up: directory({}, { sameAs: '/a' }), top: directory({}, { sameAs: '/' }) }),
    f: file('x'),
  }),
  c: directory({}, { sameAs: '/a' }),
  d: directory({}, { sameAs: '/a/b', inode: { size: 28 } }),
};

function nested(depth: number): RawTree {
  return depth === 0 ? { file: file('deep') } : { d: directory(nested(depth - 1)) };
}

const RAW_SEEDS: Record<string, [RawTree, RawImageOptions]> = {
  'blocks-le': [everyBlockKind(4096), {}],
  'blocks-be-pad': [everyBlockKind(4096), { endianness: 'big', pad: 512 }],
  'blocks-8192-be': [everyBlockKind(8192), { endianness: 'big', blockSize: 8192 }],
  'blocks-16384-le': [
    { a: file(text(20_000), { blocks: 'DZ' }), b: file(text(17_000)) },
    { blockSize: 16384 },
  ],
  'blocks-65536-be': [
    { a: file(text(70_000)), b: file(text(66_000, 2), { blocks: 'ZC' }) },
    { blockSize: 65536, endianness: 'big' },
  ],
  'shifted-root': [everyBlockKind(4096), { rootShift: 100 }],
  'old-format': [{ a: file(text(5000)), d: directory({ b: file('b') }) }, { v1: true }],
  specials: [SPECIALS, {}],
  'specials-be': [SPECIALS, { endianness: 'big' }],
  names: [NAMES, {}],
  tricks: [TRICKS, {}],
  loops: [LOOPS, { endianness: 'big' }],
  nested: [nested(60), {}],
  'shared-directories': [sharedDirectories(24), {}],
  'many-entries': [
    Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [
        `file${index}`,
        file(index % 3 === 0 ? 'equal' : text(index)),
      ]),
    ),
    {},
  ],
  empty: [{}, {}],
};

/** An executable whose pages are one after the other and page aligned. */
function inPlace(content: Uint8Array): RawNode {
  const blocks = Array.from({ length: Math.ceil(content.length / 4096) }, (_, page): RawBlock => {
    return { kind: 'D', align: page === 0 ? 4096 : undefined };
  });
  return file(content, { mode: 0o755, blocks });
}

/** Dynamic programs with all that they need, and scripts. `kind` is what all objects have in common. */
function dynamicPrograms(kind: ElfObjectOptions, loader: string): RawTree {
  const object = (options: ElfObjectOptions): RawNode =>
    inPlace(elfObject({ textSize: 4096, relocations: [0xc0, 0xc8], ...kind, ...options }));
  const script = (line: string): RawNode => file(`${line}\n`, { mode: 0o755, blocks: 'U' });
  return {
    bin: directory({
      first: object({
        interpreter: `/lib/${loader}`,
        needed: ['x', 'y'],
        runpath: '$ORIGIN/../lib',
      }),
      fixed: object({ type: 'exec', base: 0x10000, bss: 0x3000 }),
      loop: script('#!/bin/loop'),
      script: script('#!/bin/first -x'),
      'script-of-script': script('#! /bin/script'),
    }),
    dev: directory({ null: special(0o20666, 0x0103) }),
    etc: directory({ 'ld.so.cache': file(noise(200)) }),
    lib: directory({
      [loader]: object({ soname: loader, strings: '\0/lib/\0/usr/lib/\0' }),
      link: symlink('x'),
      x: object({ soname: 'x', gap: 2, bss: 0x3000, relro: 0x1000, needed: ['y', 'link'] }),
      y: object({
        soname: 'y',
        textRelocations: true,
        textPlaces: [0x800],
        rpath: '/lib:/usr/lib',
      }),
    }),
  };
}

/** The classes and byte orders that programs have. */
const PROGRAM_SEEDS: Record<string, [ElfObjectOptions, loader: string]> = {
  'programs-arm': [{ elfClass: 32, machine: 40 }, 'ld-linux-armhf.so.3'],
  'programs-arm-fdpic': [{ elfClass: 32, machine: 40, osAbi: 65 }, 'ld-uClibc.so.1'],
  'programs-riscv64': [{ elfClass: 64, machine: 243 }, 'ld-musl-riscv64.so.1'],
  'programs-powerpc': [{ elfClass: 32, little: false, machine: 20 }, 'ld-musl-powerpc.so.1'],
  'programs-powerpc64': [{ elfClass: 64, little: false, machine: 21 }, 'ld64.so.1'],
};

/** Directories that are there twice, level by level: 2^depth paths, depth directories. */
function sharedDirectories(depth: number, path = ''): RawTree {
  if (depth === 0) return { end: file('end') };
  const first = `${path}/a`;
  return {
    a: directory(sharedDirectories(depth - 1, first)),
    b: directory({}, { sameAs: first }),
    file: file(text(100)),
  };
}

function sample(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, SAMPLES)));
}

function programs(...architectures: string[]): DirectoryEntry {
  return tree.directory({
    bin: tree.directory(
      Object.fromEntries(
        architectures.flatMap((arch) =>
          ['true', 'hello'].map((name) => [
            `${name}-${arch}`,
            tree.file(sample(`${arch}/bin/${name}`), { mode: 0o755 }),
          ]),
        ),
      ),
    ),
    dev: tree.directory({ null: tree.device('char-device', { major: 1, minor: 3 }) }),
    etc: tree.directory({
      copy: tree.file(tree.prose(6000, 1)),
      motd: tree.file(tree.prose(6000, 1)),
      other: tree.file(tree.prose(6000, 1), { uid: 7 }),
      sparse: tree.file(concat(ZERO_PAGE, tree.noise(100, 1))),
    }),
    sh: tree.symlink('bin/hello'),
  });
}

/** FDPIC and bFLT, one of them compressed. */
function nommuPrograms(): DirectoryEntry {
  const paths = { fdpic: 'fdpic/hello', flat: 'flat/hello', 'flat.z': 'flat/hello.z' };
  const files = Object.entries(paths).map(
    ([name, path]) => [name, tree.file(sample(`cortex-m/${path}`), { mode: 0o755 })] as const,
  );
  return tree.directory({ bin: tree.directory(Object.fromEntries(files)) });
}

const BUILT_SEEDS: Record<string, [DirectoryEntry, BuildOptions]> = {
  'built-plain': [programs('x86_64'), {}],
  'built-extended': [programs('i386'), { extendedPointers: true, holes: true }],
  'built-xip-mmu': [programs('aarch64'), { xip: { mode: 'mmu' }, holes: true }],
  'built-xip-mmu-be': [programs('powerpc'), { xip: { mode: 'mmu' }, endianness: 'big', pad: true }],
  'built-xip-nommu': [programs('armhf'), { xip: { mode: 'nommu' }, insert: tree.noise(500, 3) }],
  'built-nommu-formats': [nommuPrograms(), { xip: { mode: 'nommu' } }],
  'built-compat-mkcramfs': [
    programs('riscv64'),
    { compat: 'mkcramfs', force: true, xip: { mode: 'mmu' } },
  ],
};

const MKFS_SEEDS: Record<string, string[]> = {
  'mkfs-plain': ['-n', 'fuzz', '-e', '7'],
  'mkfs-pad-be': ['-p', '-N', 'big'],
  'mkfs-holes': ['-z', '-s'],
};

async function main(): Promise<void> {
  mkdirSync(CORPUS_DIRECTORY, { recursive: true });
  for (const [name, [entries, options]] of Object.entries(RAW_SEEDS)) {
    save(`raw-${name}`, buildRawImage(entries, options).bytes);
  }
  const { bytes: little } = buildRawImage(everyBlockKind(4096));
  const { bytes: big } = buildRawImage({ f: file(text(5000)) }, { endianness: 'big', pad: 512 });
  save('raw-firmware', concat(noise(700, 9), little, noise(333, 10), big, noise(5, 11)));
  for (const [name, [kind, loader]] of Object.entries(PROGRAM_SEEDS)) {
    const endianness = kind.little === false ? 'big' : 'little';
    save(name, buildRawImage(dynamicPrograms(kind, loader), { endianness }).bytes);
  }
  for (const [name, [root, options]] of Object.entries(BUILT_SEEDS)) {
    save(name, (await buildImageBytes(root, options)).image);
  }
  if (existsSync(MKFS_CRAMFS)) makeMkfsSeeds();
  else process.stdout.write(`${MKFS_CRAMFS} is not installed: its seeds stay as they are\n`);
}

function makeMkfsSeeds(): void {
  const work = mkdtempSync(join(tmpdir(), 'cramfs-corpus-'));
  try {
    const source = join(work, 'source');
    mkdirSync(join(source, 'etc'), { recursive: true });
    writeFileSync(join(source, 'etc/motd'), text(9000));
    writeFileSync(join(source, 'etc/copy'), text(9000));
    writeFileSync(join(source, 'sparse'), concat(ZERO_PAGE, ZERO_PAGE, text(50)));
    writeFileSync(join(source, 'empty'), '');
    writeFileSync(join(source, 'noise'), noise(5000));
    symlinkSync('etc/motd', join(source, 'link'));
    for (const [name, options] of Object.entries(MKFS_SEEDS)) {
      const image = join(work, name);
      execFileSync(MKFS_CRAMFS, [...options, source, image], { stdio: 'ignore' });
      save(name, readFileSync(image));
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}

function save(name: string, bytes: Uint8Array): void {
  writeFileSync(new URL(`${name}.img.gz`, CORPUS_DIRECTORY), gzipSync(bytes, { level: 9 }));
  process.stdout.write(`${name}: ${bytes.length} bytes\n`);
}

await main();
