import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_HOLES,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_FLAG_SORTED_DIRS,
  CRAMFS_FLAG_WRONG_SIGNATURE,
  nameToText,
  plural,
} from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import { defineCommand } from '../../shell/command.js';
import { atPath } from '../../shell/report-error.js';
import { print } from '../../shell/io.js';
import { openImageAndOffset } from '../../shell/open-image.js';
import { imageOptions, jsonOption } from '../../shell/options.js';
import { allWithJson } from '../../shell/problem-lines.js';
import { Problems } from '../../shell/problems.js';
import { BlockTally, tallyText } from '../../render/block-tally.js';
import { blockSizeText, blockSizeVotesJson } from '../../render/block-size.js';
import { hex, octal, renderJson } from '../../render/json.js';
import { programFormat } from '../../render/program-format.js';
import { renderFields } from '../../render/table.js';

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [CRAMFS_FLAG_FSID_VERSION_2, 'fsid-version-2'],
  [CRAMFS_FLAG_SORTED_DIRS, 'sorted-dirs'],
  [CRAMFS_FLAG_HOLES, 'holes'],
  [CRAMFS_FLAG_WRONG_SIGNATURE, 'wrong-signature'],
  [CRAMFS_FLAG_SHIFTED_ROOT_OFFSET, 'shifted-root-offset'],
  [CRAMFS_FLAG_EXT_BLOCK_POINTERS, 'ext-block-pointers'],
];

export const info = defineCommand({
  synopsis: 'IMAGE',
  description: 'Shows the superblock of an image, whether its CRC is right, and what is in it.',
  options: { ...jsonOption, ...imageOptions },
  async run(args, io) {
    const [file] = args.operands as [string];
    const { image, offset } = await openImageAndOffset(file, args, io);
    const problems = new Problems(file, io, allWithJson(args));
    const facts = { offset, ...superblockFacts(image), contents: tallyContents(image, problems) };
    await print(io, args.json ? renderJson(facts) : factsText(facts, blockSizeText(image)));
    return problems.finish();
  },
});

type Facts = ReturnType<typeof superblockFacts> & {
  /** Of the image in the file. */
  readonly offset: number;
  readonly contents: Contents;
};

/** The superblock, as `--json` prints it. */
function superblockFacts(image: CramfsImage) {
  const { superblock, endianness, blockSize, bytes, root } = image;
  const { flags } = superblock;
  const hasFsid = (flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
  const computed = hasFsid && !image.isCutOff ? image.computeCrc() : undefined;
  const known = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0);
  const unnamed = known.reduce((rest, [bit]) => rest & ~bit, flags) >>> 0;
  return {
    endianness,
    blockSize,
    blockSizeVotes: blockSizeVotesJson(image),
    /** Null in images of before fsid version 2, which do not know theirs. */
    size: hasFsid ? superblock.size : null,
    availableBytes: bytes.length,
    superblockOffset: superblock.offset,
    flags: hex(flags),
    flagNames: [...known.map(([, name]) => name), ...(unnamed === 0 ? [] : [hex(unnamed)])],
    signature: nameToText(superblock.signature),
    name: nameToText(superblock.name),
    crc: hasFsid
      ? {
          stored: crcText(superblock.crc),
          computed: computed === undefined ? null : crcText(computed),
          ok: computed === superblock.crc,
        }
      : null,
    // Before fsid version 2 these fields were something else.
    edition: hasFsid ? superblock.edition : null,
    blocks: hasFsid ? superblock.blocks : null,
    files: hasFsid ? superblock.files : null,
    root: {
      offset: root.dataOffset,
      size: root.size,
      mode: octal(root.mode & 0o7777, 4),
      uid: root.uid,
      gid: root.gid,
    },
  };
}

/** What a walk through the tree has found. */
interface Contents {
  readonly directories: number;
  readonly files: number;
  readonly symlinks: number;
  readonly devices: number;
  readonly fifos: number;
  readonly sockets: number;
  readonly unknown: number;
  /** Bytes of all files and symlinks, those that share their data counted every time. */
  readonly bytes: number;
  readonly blocks: ReturnType<BlockTally['toJson']>;
  /** Files by the format of programs; names that are one inode count once. */
  readonly programs: Readonly<Record<string, number>>;
}

/** Programs that are looked at: a hostile image has a million of them. */
const MAX_PROGRAMS = 1 << 16;

function tallyContents(image: CramfsImage, problems: Problems): Contents {
  const count = {
    directories: 0,
    files: 0,
    symlinks: 0,
    devices: 0,
    fifos: 0,
    sockets: 0,
    unknown: 0,
  };
  let bytes = 0;
  const tally = new BlockTally();
  const programs = new Map<string, number>();
  const seen = new Set<number>();
  for (const { path, inode } of image.walk(image.root, { onError: problems.add })) {
    count[countName(inode.type)] += 1;
    if (inode.type !== 'file' && inode.type !== 'symlink') continue;
    bytes += inode.size;
    // Names that share an inode share its blocks.
    if (seen.has(inode.ino)) continue;
    seen.add(inode.ino);
    problems.try(() => {
      atPath(path, () => {
        tally.addFile(image, inode);
      });
    });
    if ((inode.mode & 0o111) === 0 || seen.size > MAX_PROGRAMS) continue;
    const kind = programFormat(image, inode)?.kind;
    if (kind !== undefined) programs.set(kind, (programs.get(kind) ?? 0) + 1);
  }
  return { ...count, bytes, blocks: tally.toJson(), programs: Object.fromEntries(programs) };
}

function countName(type: CramfsImage['root']['type']) {
  switch (type) {
    case 'file':
      return 'files';
    case 'directory':
      return 'directories';
    case 'symlink':
      return 'symlinks';
    case 'char-device':
    case 'block-device':
      return 'devices';
    case 'fifo':
      return 'fifos';
    case 'socket':
      return 'sockets';
    case undefined:
      return 'unknown';
  }
}

function factsText(facts: Facts, blockSize: string): string {
  const { contents, crc, root } = facts;
  const size =
    facts.size === null
      ? `not stored; there are ${plural(facts.availableBytes, 'byte')}`
      : plural(facts.size, 'byte') +
        (facts.size === facts.availableBytes ? '' : `; there are ${facts.availableBytes}`);
  return renderFields([
    ...(facts.offset === 0 ? [] : [['offset', hex(facts.offset)] as const]),
    ['endianness', facts.endianness],
    ['size', size],
    ['block size', blockSize],
    ['superblock at', hex(facts.superblockOffset)],
    ['flags', `${facts.flags} ${facts.flagNames.join(' ')}`],
    ['signature', facts.signature],
    ['name', facts.name],
    ['crc', crc === null ? 'none' : crcVerdict(crc)],
    ['edition', facts.edition === null ? 'none' : String(facts.edition)],
    [
      'counted',
      facts.files === null || facts.blocks === null
        ? 'nothing: the format before fsid version 2'
        : `${plural(facts.files, 'file')}, ${plural(facts.blocks, 'block')}`,
    ],
    [
      'root',
      `${plural(root.size, 'byte')} at ${hex(root.offset)}, mode ${root.mode}, ${root.uid}:${root.gid}`,
    ],
    ['contents', contentsText(contents)],
    ...programsField(contents),
    ['blocks', tallyText(contents.blocks)],
  ]);
}

/** Only of images that have some. */
function programsField({ programs }: Contents): [string, string][] {
  const kinds = Object.entries(programs).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kinds.length === 0) return [];
  return [['programs', kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')]];
}

function crcVerdict({ stored, computed, ok }: NonNullable<Facts['crc']>): string {
  if (ok) return `${stored} (right)`;
  return computed === null
    ? `${stored} (the image is cut off: not checked)`
    : `${stored} (WRONG: it is ${computed})`;
}

function contentsText(contents: Contents): string {
  const counts = [
    plural(contents.files, 'file'),
    plural(contents.directories, 'directory', 'directories'),
    plural(contents.symlinks, 'symlink'),
    plural(contents.devices, 'device'),
    plural(contents.fifos, 'fifo'),
    plural(contents.sockets, 'socket'),
    plural(contents.unknown, 'entry of unknown type', 'entries of unknown type'),
  ].filter((count) => !count.startsWith('0 '));
  return `${counts.join(', ')}; ${plural(contents.bytes, 'byte')}`;
}

function crcText(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`;
}
