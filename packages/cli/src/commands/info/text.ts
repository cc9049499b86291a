import { nameToText, plural } from 'cramfs-format';
import { blockSizeText } from '../../render/block-size.js';
import { tallyText } from '../../render/block-tally.js';
import { hex, octal } from '../../render/json.js';
import type { Look } from '../../render/look.js';
import { renderFields } from '../../render/table.js';
import type { Contents } from './contents.js';
import { crcText, type Facts, type Fsid } from './facts.js';

/** Fields below each other. */
export function infoText(facts: Facts, look: Look): string {
  const { image, offset, flagNames, contents, fsid } = facts;
  const { superblock, root } = image;
  const mode = octal(root.mode & 0o7777, 4);
  const fields: [string, string][] = [
    ...(offset === 0 ? [] : [['offset', hex(offset)] as [string, string]]),
    ['dialect', dialectText(facts)],
    ['endianness', image.endianness],
    ['size', sizeText(facts)],
    ['block size', blockSizeText(image)],
    ['superblock at', hex(superblock.offset)],
    ['flags', `${hex(superblock.flags)} ${flagNames.join(' ')}`],
    ['signature', nameToText(superblock.signature)],
    ['name', nameToText(superblock.name)],
    ['crc', fsid === undefined ? 'none' : storedCrcText(fsid)],
    ['edition', fsid === undefined ? 'none' : String(fsid.edition)],
    ['counted', countedText(fsid)],
    [
      'root',
      `${plural(root.size, 'byte')} at ${hex(root.dataOffset)}, mode ${mode}, ${root.uid}:${root.gid}`,
    ],
    ['contents', contentsText(contents)],
    ...programsField(contents),
    ['blocks', image.unreadable ?? tallyText(contents.blocks)],
  ];
  return renderFields(fields, look);
}

function sizeText({ image: { bytes }, fsid }: Facts): string {
  if (fsid === undefined) return `not stored; the data has ${plural(bytes.length, 'byte')}`;
  const there = fsid.size === bytes.length ? '' : ` (${bytes.length} present)`;
  return plural(fsid.size, 'byte') + there;
}

/** `standard`, or another name with its meaning and what Linux does with it. */
function dialectText({
  dialect,
  image: {
    dialect: { title, linux },
    wordSize,
  },
}: Facts): string {
  if (dialect === 'standard') return dialect;
  const remark = linux === 'reads' ? '' : `; mainline Linux ${linux} it`;
  const words = wordSize === 1 ? '' : `${8 * wordSize}-bit words stored backwards`;
  if (dialect === 'swapped-crc') return `${dialect}: the CRC is in the other byte order`;
  const what = [words, ...(title === 'standard' ? [] : [title])].filter((part) => part !== '');
  return `${dialect}: ${what.join(', ')}${remark}`;
}

function countedText(fsid: Fsid | undefined): string {
  if (fsid === undefined) return 'nothing: the format before fsid version 2';
  return `${plural(fsid.files, 'file')}, ${plural(fsid.blocks, 'block')}`;
}

/** Returns the field of programs, for images that have some. */
function programsField({ programs }: Contents): [string, string][] {
  const kinds = Object.entries(programs).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kinds.length === 0) return [];
  return [['programs', kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')]];
}

function storedCrcText({ crc, computedCrc, crcVerdict }: Fsid): string {
  const stored = crcText(crc);
  if (crcVerdict === 'right') return `${stored} (right)`;
  if (crcVerdict === 'swapped') return `${stored} (right, in the other byte order)`;
  return computedCrc === undefined
    ? `${stored} (the image is cut off: not checked)`
    : `${stored} (WRONG: it is ${crcText(computedCrc)})`;
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
