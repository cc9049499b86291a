import { CRAMFS_MAX_FILE_SIZE, alignUp, bytesToName, type DeviceNumber } from 'cramfs-format';
import { UnexpectedEnd, type ChunkReader } from './chunk-reader.js';
import {
  TAR_BLOCK_SIZE,
  TarFormatError,
  decodeTarHeader,
  isTarHeader,
  isZeroBlock,
  type TarHeader,
} from './ustar.js';
import { PaxAttributes, parsePaxRecords, type PaxRecord } from './pax.js';
import { readGnuSparseMap, readPaxSparseMap, type SparseMap } from './sparse.js';
import { runOnBytes, runOnStream, type TarSteps } from './steps.js';

export type TarMemberType =
  'file' | 'link' | 'symlink' | 'char-device' | 'block-device' | 'directory' | 'fifo';

/** What the headers of a member say, including extended ones. Texts are byte strings. */
export interface TarMemberHead {
  readonly type: TarMemberType;
  /** The path as stored: maybe with `./`, `/` or `..`. */
  readonly path: string;
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  /** Target of a hard or symbolic link, else empty. */
  readonly linkTarget: string;
  readonly rdev: DeviceNumber;
  /** Names of extended attributes, and of access control lists. */
  readonly xattrs: readonly string[];
  /** Bytes of a file. */
  readonly size: number;
  /** How the bytes that follow, padded to blocks, make up the file; empty for other types. */
  readonly map: SparseMap;
}

/** A member, with its content. */
export interface TarMember extends TarMemberHead {
  /** The file's bytes, up to what cramfs can hold; empty for other types. */
  readonly content: Uint8Array;
}

/** A member, and its byte offsets in the archive. */
export interface TarIndexEntry extends TarMemberHead {
  /** The first of its headers: extended ones come before its own. */
  readonly start: number;
  /** Its own header. */
  readonly headerAt: number;
  /** Its content, padding not included, or what follows the headers. */
  readonly dataAt: number;
  /** Behind its padding. */
  readonly end: number;
}

export interface TarIndex {
  readonly members: readonly TarIndexEntry[];
  /** Where the end marker is, or would be. */
  readonly end: number;
}

/** Headers that precede a member and change it. */
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
  // A contiguous file, which all systems but one treat as an ordinary file.
  ['7', 'file'],
  // A directory of a GNU incremental backup, with a list of its names as data.
  ['D', 'directory'],
  ['S', 'file'],
]);

/** More than any real name or set of extended attributes. */
const MAX_EXTENSION_SIZE = 4 << 20;
const PERMISSIONS = 0o7777;
const NOTHING: SparseMap = { realSize: 0, pieces: [] };
const NO_CONTENT = new Uint8Array(0);

/**
 * Reads an archive up to its end marker, one member at a time: ustar, pax with global headers, GNU,
 * star and v7 headers, sparse files of every format GNU tar and bsdtar write.
 *
 * This is not tar-stream, because names are bytes here: tar-stream decodes pax headers as UTF-8, which loses
 * all other names, and supports neither global headers nor sparse files.
 *
 * @throws TarFormatError, UnexpectedEnd
 */
export async function* readTarMembers(reader: ChunkReader): AsyncGenerator<TarMember> {
  const parser = new TarParser();
  const store = new ContentStore();
  for (;;) {
    const head = await runOnStream(parser.next(), reader);
    if (head === undefined) return;
    const content = head.map.realSize === 0 ? NO_CONTENT : store.room(head.map.realSize);
    if (head.map !== NOTHING) await readContent(head.map, content, reader);
    yield { ...head, content };
  }
}

export interface TarIndexOptions {
  /** An archive may end after a member without an end marker, as tar(1) allows; default: no. */
  readonly endMarkerOptional?: boolean | undefined;
}

/**
 * Where everything is in an archive in memory, up to its end marker.
 *
 * @throws TarFormatError, UnexpectedEnd
 */
export function readTarIndex(
  bytes: Uint8Array,
  { endMarkerOptional = false }: TarIndexOptions = {},
): TarIndex {
  const parser = new TarParser();
  const members: TarIndexEntry[] = [];
  for (;;) {
    const before = parser.offset;
    if (endMarkerOptional && members.length > 0 && before === bytes.length) {
      return { members, end: before };
    }
    const head = runOnBytes(parser.next(), bytes, before);
    // The parser has read the first block of the end marker: step back.
    if (head === undefined) return { members, end: parser.offset - TAR_BLOCK_SIZE };
    if (parser.offset > bytes.length) throw new UnexpectedEnd();
    const { start, headerAt, dataAt, offset: end } = parser;
    members.push({ ...head, start, headerAt, dataAt, end });
  }
}

/** The headers of an archive; the content of files is left to the caller. */
class TarParser {
  /** Its position: after the content of the member that was returned last. */
  offset = 0;
  // Places in that member: see TarIndexEntry.
  start = 0;
  headerAt = 0;
  dataAt = 0;
  private first = true;
  private globalSize = 0;
  private readonly extensions: Extensions = {
    global: new Map(),
    local: [],
    longName: undefined,
    longLink: undefined,
  };

  /**
   * The next member, or undefined at the end marker. Before the next call the caller has to take its content
   * with padding: the pieces of its map, rounded up to whole blocks.
   */
  *next(): TarSteps<TarMemberHead | undefined> {
    const { extensions } = this;
    this.start = this.offset;
    for (;;) {
      const at = this.offset;
      const block = yield* this.nextHeader();
      if (isZeroBlock(block)) return undefined;
      const header = decodeTarHeader(block);
      const extended = yield* this.takeExtension(header);
      if (extended === 'next') continue;
      if (extended === 'all') {
        this.start = this.offset;
        continue;
      }
      this.headerAt = at;
      const head = yield* this.takeMember(header, block);
      extensions.local = [];
      extensions.longName = undefined;
      extensions.longLink = undefined;
      return head;
    }
  }

  private *take(length: number): TarSteps<Uint8Array> {
    const bytes = yield { want: 'take', length };
    this.offset += length;
    return bytes;
  }

  private *skipData(size: number): TarSteps<void> {
    const length = alignUp(size, TAR_BLOCK_SIZE);
    yield { want: 'skip', length };
    this.offset += length;
  }

  private *nextHeader(): TarSteps<Uint8Array> {
    const { first } = this;
    this.first = false;
    const block = yield { want: 'peek', length: TAR_BLOCK_SIZE };
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
    return yield* this.take(TAR_BLOCK_SIZE);
  }

  /**
   * Takes the data of a header that is not a member: it describes the next member, or all that follow.
   */
  private *takeExtension(header: TarHeader): TarSteps<'next' | 'all' | undefined> {
    const { extensions } = this;
    switch (header.typeflag) {
      case 'x':
      case 'X': // Solaris's name for x
        extensions.local = parsePaxRecords(yield* this.takeExtensionData(header));
        return 'next';
      case 'g':
        // Global headers add up, unlike those of one member.
        this.globalSize += header.size;
        if (this.globalSize > MAX_EXTENSION_SIZE) {
          throw new TarFormatError(`global headers of ${this.globalSize} bytes`);
        }
        for (const [keyword, value] of parsePaxRecords(yield* this.takeExtensionData(header))) {
          extensions.global.set(keyword, value);
        }
        return 'all';
      case 'L':
        extensions.longName = untilNul(yield* this.takeExtensionData(header));
        return 'next';
      case 'K':
        extensions.longLink = untilNul(yield* this.takeExtensionData(header));
        return 'next';
      case 'V': // a volume's label
        yield* this.skipData(header.size);
        return 'all';
      default:
        return undefined;
    }
  }

  private *takeExtensionData({ size }: TarHeader): TarSteps<Uint8Array> {
    if (size > MAX_EXTENSION_SIZE) throw new TarFormatError(`extended header of ${size} bytes`);
    return (yield* this.take(alignUp(size, TAR_BLOCK_SIZE))).subarray(0, size);
  }

  private *takeMember(header: TarHeader, block: Uint8Array): TarSteps<TarMemberHead> {
    const { extensions } = this;
    const pax = new PaxAttributes(extensions.global, extensions.local);
    const path =
      pax.text('GNU.sparse.name') ?? pax.text('path') ?? extensions.longName ?? header.name;
    const type = memberType(header, path);
    const storedSize = pax.number('size') ?? header.size;
    const linkTarget = pax.text('linkpath') ?? extensions.longLink ?? header.linkname;
    const map = type === 'file' ? yield* this.takeMap(header, block, storedSize, pax) : NOTHING;
    this.dataAt = this.offset;
    if (header.typeflag === 'D' || (type === 'link' && !(yield* isHeaderNext()))) {
      yield* this.skipData(storedSize);
    }
    this.offset += alignUp(storedLength(map), TAR_BLOCK_SIZE);
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
      xattrs: pax.xattrs(),
      size: map.realSize,
      map,
    };
  }

  private *takeMap(
    header: TarHeader,
    block: Uint8Array,
    storedSize: number,
    pax: PaxAttributes,
  ): TarSteps<SparseMap> {
    const take = (length: number): TarSteps<Uint8Array> => this.take(length);
    if (header.typeflag === 'S') {
      // The extension blocks do not count as data.
      return checkedLength(yield* readGnuSparseMap(block, take), storedSize);
    }
    const before = this.offset;
    const map = yield* readPaxSparseMap(pax, take);
    const size = storedSize - (this.offset - before);
    return checkedLength(map ?? wholeFile(size), size);
  }
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return bytesToName(end < 0 ? bytes : bytes.subarray(0, end));
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
 * Whether a hard link has data. Its size does not tell: some writers give it the size of the file that it
 * links to.
 */
function* isHeaderNext(): TarSteps<boolean> {
  const block = yield { want: 'peek', length: TAR_BLOCK_SIZE };
  return isZeroBlock(block) || isTarHeader(block);
}

function wholeFile(size: number): SparseMap {
  return { realSize: size, pieces: [{ offset: 0, length: size }] };
}

/** Bytes that are stored for a file. */
function storedLength({ pieces }: SparseMap): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function checkedLength(map: SparseMap, storedSize: number): SparseMap {
  if (storedLength(map) !== storedSize) {
    throw new TarFormatError('the map of a sparse file does not agree with its size');
  }
  return map;
}

/** How many bytes of small files share a buffer: a buffer of its own costs each file 200 more. */
const SLAB_SIZE = 1 << 18;
/** What fits in an image that compresses to a quarter; a larger source had better be a directory. */
const MAX_CONTENT = 2 ** 30;

/** Memory for what files hold. */
class ContentStore {
  private slab = NO_CONTENT;
  private used = 0;
  private total = 0;

  /** Zeros, as many as cramfs can hold in a file. @throws TarFormatError if there are too many. */
  room(size: number): Uint8Array {
    const length = Math.min(size, CRAMFS_MAX_FILE_SIZE);
    this.total += length;
    if (this.total > MAX_CONTENT) {
      throw new TarFormatError(
        `more than ${MAX_CONTENT} bytes of files: extract it, and build from the directory`,
      );
    }
    if (length > SLAB_SIZE / 8) return new Uint8Array(length);
    if (this.used + length > this.slab.length) {
      this.slab = new Uint8Array(SLAB_SIZE);
      this.used = 0;
    }
    const room = this.slab.subarray(this.used, this.used + length);
    this.used += length;
    return room;
  }
}

async function readContent(
  map: SparseMap,
  content: Uint8Array,
  reader: ChunkReader,
): Promise<void> {
  for (const { offset, length } of map.pieces) {
    const part = content.subarray(offset, offset + length);
    await reader.readInto(part);
    await reader.skip(length - part.length);
  }
  const stored = storedLength(map);
  await reader.skip(alignUp(stored, TAR_BLOCK_SIZE) - stored);
}
