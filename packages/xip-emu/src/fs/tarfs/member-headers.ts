import {
  TAR_BLOCK_SIZE,
  USTAR,
  clearGnuFields,
  decodeTarHeader,
  decodeTarText,
  parsePaxRecords,
  setTarChecksum,
  setTarNumber,
  setTarText,
  tarPadding,
  type TarIndexEntry,
} from 'cramfs-archive';
import { concatBytes, nameToBytes } from 'cramfs-format';
import { SyscallError } from '../../errno.js';

/** Octal digits of a size or time. */
const DIGITS = USTAR.size[1] - 1;
const SPACE = 0x20;

/** Keywords that override the header's size, or say where in the file its data is. */
const SIZE_KEYWORD = /^(?:size|GNU\.sparse\..*|SCHILY\.realsize)$/;
const SPARSE_NAME = 'GNU.sparse.name';

/**
 * The headers of a member that has become `size` bytes long, without holes; all else is as it was.
 * (Blocks between the header and the data list the pieces of a sparse file: they go.)
 *
 * @param archive where the member is.
 */
export function resizedHeaders(
  archive: Uint8Array,
  { start, headerAt }: Pick<TarIndexEntry, 'start' | 'headerAt'>,
  size: number,
): Uint8Array {
  const header = new Uint8Array(archive.subarray(headerAt, headerAt + TAR_BLOCK_SIZE));
  if (decodeTarText(header, USTAR.typeflag) === 'S') {
    setTarText(header, USTAR.typeflag, '0');
    clearGnuFields(header);
  }
  setSize(header, size);
  const extended: Uint8Array[] = [];
  for (let at = start; at < headerAt;) {
    const { size: length, typeflag } = decodeTarHeader(archive.subarray(at, at + TAR_BLOCK_SIZE));
    const end = at + TAR_BLOCK_SIZE + length + tarPadding(length);
    const whole = archive.subarray(at, end);
    const isPax = typeflag === 'x' || typeflag === 'X';
    extended.push(isPax ? withoutSizes(whole, length) : whole);
    at = end;
  }
  return concatBytes([...extended, header]);
}

/**
 * The time of a member's last change, in whole seconds since 1970, that a header can hold: of its
 * pax header, or its own; 0 if there is none.
 */
export function mtimeOf(
  archive: Uint8Array,
  { start, headerAt }: Pick<TarIndexEntry, 'start' | 'headerAt'>,
): number {
  const header = archive.subarray(headerAt, headerAt + TAR_BLOCK_SIZE);
  const field = decodeTarText(header, USTAR.mtime);
  let mtime = parseInt(/^[ 0-7]+/.exec(field)?.[0] ?? '0', 8);
  for (let from = start; from < headerAt;) {
    const { size, typeflag } = decodeTarHeader(archive.subarray(from, from + TAR_BLOCK_SIZE));
    const data = from + TAR_BLOCK_SIZE;
    if (typeflag === 'x' || typeflag === 'X') {
      const records = parsePaxRecords(archive.subarray(data, data + size));
      const record = records.findLast(([keyword]) => keyword === 'mtime');
      if (record !== undefined) mtime = Math.floor(Number(record[1]));
    }
    from = data + size + tarPadding(size);
  }
  return mtime >= 0 && mtime < 8 ** DIGITS ? mtime : 0;
}

/** A pax header without what it says about the file's size and holes; empty if nothing is left. */
function withoutSizes(whole: Uint8Array, length: number): Uint8Array {
  const records = parsePaxRecords(whole.subarray(TAR_BLOCK_SIZE, TAR_BLOCK_SIZE + length));
  if (!records.some(([keyword]) => SIZE_KEYWORD.test(keyword))) return whole;
  const name = records.findLast(([keyword]) => keyword === SPARSE_NAME)?.[1];
  const kept = records.filter(
    ([keyword]) => !SIZE_KEYWORD.test(keyword) && !(keyword === 'path' && name !== undefined),
  );
  if (name !== undefined) kept.push(['path', name]);
  if (kept.length === 0) return new Uint8Array(0);
  const text = kept.map(([keyword, value]) => paxRecord(keyword, value)).join('');
  const header = new Uint8Array(whole.subarray(0, TAR_BLOCK_SIZE));
  setSize(header, text.length);
  return concatBytes([header, nameToBytes(text), new Uint8Array(tarPadding(text.length))]);
}

/** `LENGTH KEYWORD=VALUE\n`, the length counting itself. */
function paxRecord(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return `${length}${rest}`;
}

/**
 * Sets the size and the checksum. The byte after the digits stays as the archive's writer has it,
 * unless there was a binary number.
 */
function setSize(header: Uint8Array, size: number): void {
  if (size >= 8 ** DIGITS) throw new SyscallError('EFBIG');
  setTarNumber(header, USTAR.size, size);
  const end = USTAR.size[0] + DIGITS;
  if (header[end] !== SPACE) header[end] = 0;
  setTarChecksum(header);
}
