import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MIB, type Corpus } from './corpus.js';
import type { Contest, Contestant } from './contest.js';
import { cramfs, findPeer, type PeerName } from './tools.js';

export const BUILD = 'build';
export const READ = 'read';
export const AGAIN = 'build again';
export const START_UP = 'start-up';

/** Names of the contestants in tables and in JSON. */
export const OURS = {
  build: 'cramfs build',
  best: 'cramfs build --best',
  firstCached: 'cramfs build --cache, first',
  nextCached: 'cramfs build --cache, one file changed',
  extract: 'cramfs extract',
  check: 'cramfs check',
  help: 'cramfs --help',
  smallBuild: 'cramfs build, small',
  info: 'cramfs info',
  ls: 'cramfs ls',
  map: 'cramfs map',
  exec: 'cramfs exec',
} as const;
export const PEER = {
  build: 'mkfs.cramfs',
  extract: 'fsck.cramfs --extract',
  libdeflate: 'libdeflate 6 in C, compression alone',
  copy: 'cp -a',
  squashfs: 'mksquashfs -b 4096',
  sevenZip: '7z x',
  node: 'node -e 0',
} as const;

/** Start-ups are short, and what counts is a tenth of a second. */
const START_UP_ROUNDS = 10;
const GID_LIMIT = 0xff;
/** Of the size that images of small systems have. */
const SAMPLE = fileURLToPath(new URL('../../samples/rootfs', import.meta.url));
const COMPRESS_ALONE = fileURLToPath(new URL('compress-alone.js', import.meta.url));

/** Directory to image. */
export function buildContest(corpus: Corpus, work: string, rounds: number): Contest {
  return {
    name: BUILD,
    bytes: corpus.bytes,
    rounds,
    contestants: [
      build(OURS.build, corpus, imagePath(work, OURS.build), []),
      build(OURS.best, corpus, imagePath(work, OURS.best), ['--best']),
      ...peer('mkfs.cramfs', PEER.build, imagePath(work, PEER.build), (image) => [
        corpus.root,
        image,
      ]),
      { tool: 'compression alone', argv: [process.execPath, COMPRESS_ALONE, corpus.root] },
      ...libdeflate(corpus, work),
      ...peer('mksquashfs', PEER.squashfs, join(work, 'squashfs.img'), (image) => [
        ...[corpus.root, image, '-b', '4096'],
        ...['-no-xattrs', '-noappend', '-no-progress', '-quiet'],
      ]),
    ],
  };
}

/**
 * The image that everybody reads in {@link readContest}: the peer's if there is one, since all tools
 * can read that.
 */
function imageToRead(work: string): string {
  return imagePath(work, findPeer('mkfs.cramfs') === undefined ? OURS.build : PEER.build);
}

/** Image to directory, and image to verdict. */
export function readContest(corpus: Corpus, work: string, rounds: number): Contest {
  const image = imageToRead(work);
  const target = join(work, 'extracted');
  return {
    name: READ,
    bytes: corpus.bytes,
    rounds,
    contestants: [
      { tool: OURS.extract, argv: cramfs('extract', image, '-C', target), output: target },
      { tool: OURS.check, argv: cramfs('check', image) },
      ...peer('fsck.cramfs', PEER.extract, target, (to) => [`--extract=${to}`, image]),
      { tool: PEER.copy, argv: ['cp', '-a', corpus.root, target], output: target },
      ...peer('7z', PEER.sevenZip, target, (to) => ['x', '-y', '-bd', `-o${to}`, image]),
    ],
  };
}

/** What a build with --cache takes when the cache is empty, and after a change of one file. */
export function againContest(
  corpus: Corpus,
  changed: Corpus,
  work: string,
  rounds: number,
): Contest {
  const cache = join(work, 'cache');
  const image = join(work, 'again.img');
  const first = build(OURS.firstCached, corpus, image, ['--cache', cache]);
  return {
    name: AGAIN,
    bytes: corpus.bytes,
    rounds,
    contestants: [
      { ...first, output: cache },
      build(OURS.nextCached, changed, image, ['--cache', cache]),
    ],
  };
}

/** Our build of a smaller corpus, to see how time grows. */
export function growthContest(corpus: Corpus, work: string, rounds: number): Contest {
  return {
    name: `${BUILD} ${Math.round(corpus.bytes / MIB)} MiB`,
    bytes: corpus.bytes,
    rounds,
    contestants: [build(OURS.build, corpus, join(work, 'growth.img'), [])],
  };
}

/** What every command pays before it does anything, and what small images take in all. */
export function startUpContest(work: string): Contest {
  const image = join(work, 'sample.img');
  return {
    name: START_UP,
    bytes: 0,
    rounds: START_UP_ROUNDS,
    contestants: [
      { tool: PEER.node, argv: [process.execPath, '-e', '0'] },
      { tool: OURS.help, argv: cramfs('--help') },
      {
        tool: OURS.smallBuild,
        argv: cramfs('build', SAMPLE, image, '--xip=mmu', '-q'),
        output: image,
      },
      { tool: OURS.info, argv: cramfs('info', image) },
      { tool: OURS.ls, argv: cramfs('ls', '-lR', image) },
      { tool: OURS.map, argv: cramfs('map', image) },
      { tool: OURS.exec, argv: cramfs('exec', image, '/x86_64/bin/hello') },
    ],
  };
}

function imagePath(work: string, tool: string): string {
  return join(work, `${tool.replaceAll(/[^a-z]+/g, '-')}.img`);
}

function build(
  tool: string,
  corpus: Corpus,
  image: string,
  options: readonly string[],
): Contestant {
  // The directories of the corpus belong to the user who runs this; mkfs.cramfs may have to cut the
  // gid.
  const squash = (process.getgid?.() ?? 0) > GID_LIMIT ? ['--squash'] : [];
  return { tool, argv: cramfs('build', corpus.root, image, ...options, ...squash), output: image };
}

const LIBDEFLATE = fileURLToPath(new URL('../src/c/libdeflate-blocks.c', import.meta.url));

/** The C program that does what `compression alone` does; none without a compiler and the library. */
function libdeflate(corpus: Corpus, work: string): Contestant[] {
  const program = join(work, 'libdeflate-blocks');
  const options = ['-O2', '-pthread', '-o', program, LIBDEFLATE, '-ldeflate'];
  if (spawnSync('cc', options).status !== 0) return [];
  return [{ tool: PEER.libdeflate, argv: [program, corpus.root, '6'] }];
}

/** A contestant, or none if it is not installed. */
function peer(
  name: PeerName,
  tool: string,
  output: string,
  args: (output: string) => readonly string[],
): Contestant[] {
  const program = findPeer(name);
  return program === undefined ? [] : [{ tool, argv: [program, ...args(output)], output }];
}
