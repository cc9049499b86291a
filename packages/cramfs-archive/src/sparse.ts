import { bytesToName } from 'cramfs-format';
import { GNU, TAR_BLOCK_SIZE, TarFormatError, decodeTarNumber } from './ustar.js';
import { decimal, type PaxAttributes } from './pax.js';
import type { TarSteps } from './steps.js';

/** A piece of a sparse file; what no piece covers is zero. */
export interface SparsePiece {
  readonly offset: number;
  readonly length: number;
}

/** How the data stored for a sparse member makes up the file. */
export interface SparseMap {
  /** Bytes of the file. */
  readonly realSize: number;
  /** Pieces in the order of their data, which is also the order of their offsets. */
  readonly pieces: readonly SparsePiece[];
}

/** The parser's way of taking bytes from the archive. */
type Take = (length: number) => TarSteps<Uint8Array>;

/** Where a block lists pieces, and tells whether another such block follows. */
interface PieceList {
  readonly at: number;
  readonly count: number;
  readonly isExtendedAt: number;
}

/** The two blocks of GNU tar's own format that list pieces, see "Storing Sparse Files" in its manual. */
const HEADER_PIECES: PieceList = { at: GNU.sparse[0], count: 4, isExtendedAt: GNU.isExtended[0] };
const EXTENSION_PIECES: PieceList = { at: 0, count: 21, isExtendedAt: 504 };
const NUMBER_LENGTH = 12;
/** Far more than any file that fits cramfs can need. */
const MAX_PIECES = 1 << 20;
const NEWLINE = 0x0a;

/**
 * The map of a member of type `S` (format `gnu`): in its header, and in extension blocks that
 * follow, which are taken.
 */
export function* readGnuSparseMap(header: Uint8Array, take: Take): TarSteps<SparseMap> {
  const realSize = decodeTarNumber(header, GNU.realSize, 'real size');
  const pieces: SparsePiece[] = [];
  let more = decodePieces(header, HEADER_PIECES, pieces);
  while (more) more = decodePieces(yield* take(TAR_BLOCK_SIZE), EXTENSION_PIECES, pieces);
  return checked({ realSize, pieces });
}

function decodePieces(
  block: Uint8Array,
  { at, count, isExtendedAt }: PieceList,
  pieces: SparsePiece[],
): boolean {
  for (let index = 0; index < count; index += 1) {
    const start = at + index * 2 * NUMBER_LENGTH;
    // Unused pieces are left zero.
    if (block[start + NUMBER_LENGTH] === 0) break;
    const offset = decodeTarNumber(block, [start, NUMBER_LENGTH], 'sparse offset');
    const length = decodeTarNumber(block, [start + NUMBER_LENGTH, NUMBER_LENGTH], 'sparse length');
    pieces.push({ offset, length });
  }
  if (pieces.length > MAX_PIECES) throw new TarFormatError('too many pieces of a sparse file');
  return block[isExtendedAt] !== 0;
}

/**
 * The map that pax records describe, or undefined if they don't. Formats 0.0 and 0.1 have it in the
 * records, 1.0 at the start of the data, from where it is taken.
 */
export function* readPaxSparseMap(pax: PaxAttributes, take: Take): TarSteps<SparseMap | undefined> {
  const major = pax.text('GNU.sparse.major');
  const minor = pax.text('GNU.sparse.minor');
  if (major === '1' && minor === '0') {
    const realSize = pax.number('GNU.sparse.realsize') ?? missing('GNU.sparse.realsize');
    return checked({ realSize, pieces: yield* takePieces(take) });
  }
  if (major !== undefined && major !== '0') {
    throw new TarFormatError(`unknown sparse format ${major}.${minor ?? '?'}`);
  }
  const realSize = pax.number('GNU.sparse.size') ?? pax.number('GNU.sparse.realsize');
  const map = pax.text('GNU.sparse.map');
  const numbers =
    map?.split(',') ??
    pax.records
      .filter(([keyword]) => /^GNU\.sparse\.(?:offset|numbytes)$/.test(keyword))
      .map(([, value]) => value);
  if (realSize === undefined) {
    return numbers.length === 0 ? undefined : missing('GNU.sparse.size');
  }
  return checked({ realSize, pieces: pair(numbers) });
}

/** Format 1.0: lines of decimal numbers, padded to a block: the count, then offset and length. */
function* takePieces(take: Take): TarSteps<SparsePiece[]> {
  const numbers: string[] = [];
  let line = '';
  let wanted = 1;
  while (numbers.length < wanted) {
    const block = yield* take(TAR_BLOCK_SIZE);
    for (const byte of block) {
      if (byte !== NEWLINE) {
        line += String.fromCharCode(byte);
        continue;
      }
      numbers.push(line);
      line = '';
      if (numbers.length === 1) wanted = 1 + 2 * decimal(numbers[0]!, 'the number of pieces');
      if (numbers.length === wanted) break;
    }
    if (wanted > 2 * MAX_PIECES || line.length > TAR_BLOCK_SIZE) {
      throw new TarFormatError(`bad map of a sparse file: ${bytesToName(block.subarray(0, 16))}`);
    }
  }
  return pair(numbers.slice(1));
}

function pair(numbers: readonly string[]): SparsePiece[] {
  if (numbers.length % 2 !== 0) throw new TarFormatError('bad map of a sparse file');
  const pieces: SparsePiece[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const offset = decimal(numbers[at]!, 'sparse offset');
    pieces.push({ offset, length: decimal(numbers[at + 1]!, 'sparse length') });
  }
  return pieces;
}

function checked(map: SparseMap): SparseMap {
  let end = 0;
  for (const { offset, length } of map.pieces) {
    if (offset < end || offset + length > map.realSize) {
      throw new TarFormatError('bad map of a sparse file: its pieces overlap or pass its end');
    }
    end = offset + length;
  }
  return map;
}

function missing(keyword: string): never {
  throw new TarFormatError(`a sparse file without ${keyword}`);
}
