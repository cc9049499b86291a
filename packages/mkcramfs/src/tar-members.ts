import { CRAMFS_MAX_FILE_SIZE, alignUp, bytesToName, type DeviceNumber } from 'cramfs-format';
import type { ChunkReader } from './chunk-reader.js';
import {
  TAR_BLOCK_SIZE,
  TarFormatError,
  decodeTarHeader,
  isTarHeader,
  isZeroBlock,
  type TarHeader,
} from './tar-header.js';
import { PaxAttributes, parsePaxRecords, type PaxRecord } from './tar-pax.js';
import { readGnuSparseMap, readPaxSparseMap, type SparseMap } from './tar-sparse.js';

export type TarMemberType =
  'file' | 'link' | 'symlink' | 'char-device' | 'block-device' | 'directory' | 'fifo';

/** A member of an archive, with what its extended headers say put in. Texts are byte strings. */
export interface TarMember {
  readonly type: TarMemberType;
  /** As stored: maybe with `./`, `/` or `..`. */
  readonly path: string;
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  /** Target of a hard or symbolic link, else empty. */
  readonly linkTarget: string;
  readonly rdev: DeviceNumber;
  /** Bytes of a file. */
  readonly size: number;
  /** The file's bytes, as many as cramfs can hold; empty for other types. */
  readonly content: Uint8Array;
}

/** Headers that stand before a member and change it. */
interface Extensions {
  readonly global: Map<string, string>;
  local: PaxRecord[];
  longName: string | undefined;
  longLink: string | undefined;
}

const TYPES: ReadonlyMap<string, TarMemberType> = new Map([
  ['0', 'file'],
  ['1', 'link'],
  ['2', 'symlink'],
  ['3', 'char-device'],
  ['4', 'block-device'],
  ['5', 'directory'],
  ['6', 'fifo'],
  // Contiguous file: to everybody but one long gone system a file.
  ['7', 'file'],
  // GNU: a directory of an incremental backup, with a list of its names as data.
  ['D', 'directory'],
  ['S', 'file'],
]);

/** More than any real name or set of extended attributes. */
const MAX_EXTENSION_SIZE = 4 << 20;
const PERMISSIONS = 0o7777;
const EMPTY = new Uint8Array(0);

/**
 * Reads an archive up to its end marker, one member at a time: ustar, pax with global headers, GNU,
 * star and v7 headers, sparse files of every format GNU tar and bsdtar write.
 *
 * Not tar-stream, because names are bytes here: it decodes pax headers as UTF-8, which loses every
 * name that is not, and it neither applies global headers nor knows sparse files.
 *
 * @throws TarFormatError, UnexpectedEnd
 */
export async function* readTarMembers(reader: ChunkReader): AsyncGenerator<TarMember> {
  const extensions: Extensions = {
    global: new Map(),
    local: [],
    longName: undefined,
    longLink: undefined,
  };
  for (let first = true; ; first = false) {
    const block = await nextHeader(reader, first);
    if (isZeroBlock(block)) return;
    const header = decodeTarHeader(block);
    if (await takeExtension(header, reader, extensions)) continue;
    yield await takeMember(header, block, reader, extensions);
    extensions.local = [];
    extensions.longName = undefined;
    extensions.longLink = undefined;
  }
}

async function nextHeader(reader: ChunkReader, first: boolean): Promise<Uint8Array> {
  const block = await reader.peek(TAR_BLOCK_SIZE);
  if (block.length === 0) {
    throw new TarFormatError(
      first
        ? 'the archive is empty, or was cut short'
        : 'the archive has no end marker: it was cut short',
    );
  }
  if (!isZeroBlock(block) && !isTarHeader(block) && (first || block.length === TAR_BLOCK_SIZE)) {
    throw new TarFormatError(first ? 'not a tar archive' : 'bad header checksum');
  }
  return reader.take(TAR_BLOCK_SIZE);
}

/** True if the header was one that describes what follows; its data has been taken then. */
async function takeExtension(
  header: TarHeader,
  reader: ChunkReader,
  extensions: Extensions,
): Promise<boolean> {
  switch (header.typeflag) {
    case 'x':
    case 'X': // Solaris's name for x
      extensions.local = parsePaxRecords(await takeExtensionData(header, reader));
      return true;
    case 'g':
      for (const [keyword, value] of parsePaxRecords(await takeExtensionData(header, reader))) {
        extensions.global.set(keyword, value);
      }
      return true;
    case 'L':
      extensions.longName = untilNul(await takeExtensionData(header, reader));
      return true;
    case 'K':
      extensions.longLink = untilNul(await takeExtensionData(header, reader));
      return true;
    case 'V': // a volume's label
      await skipData(reader, header.size);
      return true;
    default:
      return false;
  }
}

async function takeExtensionData(header: TarHeader, reader: ChunkReader): Promise<Uint8Array> {
  const { size } = header;
  if (size > MAX_EXTENSION_SIZE) throw new TarFormatError(`extended header of ${size} bytes`);
  return (await reader.take(alignUp(size, TAR_BLOCK_SIZE))).subarray(0, size);
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return bytesToName(end < 0 ? bytes : bytes.subarray(0, end));
}

async function takeMember(
  header: TarHeader,
  block: Uint8Array,
  reader: ChunkReader,
  extensions: Extensions,
): Promise<TarMember> {
  const pax = new PaxAttributes(extensions.global, extensions.local);
  const path =
    pax.text('GNU.sparse.name') ?? pax.text('path') ?? extensions.longName ?? header.name;
  const type = memberType(header, path);
  const storedSize = pax.number('size') ?? header.size;
  const linkTarget = pax.text('linkpath') ?? extensions.longLink ?? header.linkname;
  const data =
    type === 'file'
      ? await takeFile(header, block, storedSize, pax, reader)
      : { size: 0, content: EMPTY };
  if (header.typeflag === 'D' || (type === 'link' && !(await isHeaderNext(reader)))) {
    await skipData(reader, storedSize);
  }
  return {
    type,
    path,
    permissions: header.mode & PERMISSIONS,
    uid: pax.number('uid') ?? header.uid,
    gid: pax.number('gid') ?? header.gid,
    linkTarget: type === 'link' || type === 'symlink' ? linkTarget : '',
    rdev: {
      major: pax.number('SCHILY.devmajor') ?? header.devmajor,
      minor: pax.number('SCHILY.devminor') ?? header.devminor,
    },
    ...data,
  };
}

function memberType({ typeflag, format }: TarHeader, path: string): TarMemberType {
  const type = TYPES.get(typeflag);
  if (type === undefined || (typeflag === 'S' && format !== 'gnu')) {
    throw new TarFormatError(`unknown type '${typeflag}' of a member`);
  }
  // Before POSIX there was no type for directories.
  return typeflag === '0' && path.endsWith('/') ? 'directory' : type;
}

/**
 * Whether a hard link has data: its size does not tell, some writers give it the size of the file
 * that it links to.
 */
async function isHeaderNext(reader: ChunkReader): Promise<boolean> {
  const block = await reader.peek(TAR_BLOCK_SIZE);
  return isZeroBlock(block) || isTarHeader(block);
}

async function takeFile(
  header: TarHeader,
  block: Uint8Array,
  storedSize: number,
  pax: PaxAttributes,
  reader: ChunkReader,
): Promise<{ size: number; content: Uint8Array }> {
  if (header.typeflag === 'S') {
    // The extension blocks do not count as data.
    const map = await readGnuSparseMap(block, reader);
    return takePieces(map, storedSize, reader);
  }
  const before = reader.offset;
  const map = await readPaxSparseMap(pax, reader);
  const size = storedSize - (reader.offset - before);
  return takePieces(map ?? wholeFile(size), size, reader);
}

function wholeFile(size: number): SparseMap {
  return { realSize: size, pieces: [{ offset: 0, length: size }] };
}

async function takePieces(
  { realSize, pieces }: SparseMap,
  storedSize: number,
  reader: ChunkReader,
): Promise<{ size: number; content: Uint8Array }> {
  const stored = pieces.reduce((sum, { length }) => sum + length, 0);
  if (stored !== storedSize) {
    throw new TarFormatError('the map of a sparse file does not agree with its size');
  }
  const content = new Uint8Array(Math.min(realSize, CRAMFS_MAX_FILE_SIZE));
  for (const { offset, length } of pieces) {
    const part = content.subarray(offset, offset + length);
    await reader.readInto(part);
    await reader.skip(length - part.length);
  }
  await reader.skip(alignUp(storedSize, TAR_BLOCK_SIZE) - storedSize);
  return { size: realSize, content };
}

async function skipData(reader: ChunkReader, size: number): Promise<void> {
  await reader.skip(alignUp(size, TAR_BLOCK_SIZE));
}
