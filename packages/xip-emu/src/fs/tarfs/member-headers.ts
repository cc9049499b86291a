import { bytesToName, concatBytes, nameToBytes } from 'cramfs-format';
import { TAR_RECORD, tarPadding } from 'cramfs-reader';
import { decodeTarHeader, parsePaxRecords, type TarIndexEntry } from 'mkcramfs/tar';
import { SyscallError } from '../../errno.js';

// Fields of a header: offset, length.
const SIZE = [124, 12] as const;
const CHECKSUM = [148, 8] as const;
const MTIME = [136, 12] as const;
const TYPEFLAG = 156;
/** Where the GNU format has what a sparse file needs, and more of its own. */
const GNU_EXTRA = [345, 167] as const;

/** Eleven octal digits and an end. */
const SIZE_DIGITS = 11;
const CHECKSUM_DIGITS = 6;
const SPACE = 0x20;

/** Keywords that tell another size than the header, or where in the file its data is. */
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
  const header = new Uint8Array(archive.subarray(headerAt, headerAt + TAR_RECORD));
  if (String.fromCharCode(header[TYPEFLAG]!) === 'S') {
    header[TYPEFLAG] = '0'.charCodeAt(0);
    header.fill(0, GNU_EXTRA[0], GNU_EXTRA[0] + GNU_EXTRA[1]);
  }
  setOctal(header, SIZE, SIZE_DIGITS, size);
  setChecksum(header);
  const extended: Uint8Array[] = [];
  for (let at = start; at < headerAt;) {
    const { size: length, typeflag } = decodeTarHeader(archive.subarray(at, at + TAR_RECORD));
    const end = at + TAR_RECORD + length + tarPadding(length);
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
  const [at, length] = MTIME;
  const field = bytesToName(archive.subarray(headerAt + at, headerAt + at + length));
  let mtime = parseInt(/^[ 0-7]+/.exec(field)?.[0] ?? '0', 8);
  for (let from = start; from < headerAt;) {
    const { size, typeflag } = decodeTarHeader(archive.subarray(from, from + TAR_RECORD));
    const data = from + TAR_RECORD;
    if (typeflag === 'x' || typeflag === 'X') {
      const records = parsePaxRecords(archive.subarray(data, data + size));
      const record = records.findLast(([keyword]) => keyword === 'mtime');
      if (record !== undefined) mtime = Math.floor(Number(record[1]));
    }
    from = data + size + tarPadding(size);
  }
  return mtime >= 0 && mtime < 8 ** SIZE_DIGITS ? mtime : 0;
}

/** A pax header without what it says about the file's size and holes; empty if nothing is left. */
function withoutSizes(whole: Uint8Array, length: number): Uint8Array {
  const records = parsePaxRecords(whole.subarray(TAR_RECORD, TAR_RECORD + length));
  if (!records.some(([keyword]) => SIZE_KEYWORD.test(keyword))) return whole;
  const name = records.findLast(([keyword]) => keyword === SPARSE_NAME)?.[1];
  const kept = records.filter(
    ([keyword]) => !SIZE_KEYWORD.test(keyword) && !(keyword === 'path' && name !== undefined),
  );
  if (name !== undefined) kept.push(['path', name]);
  if (kept.length === 0) return new Uint8Array(0);
  const text = kept.map(([keyword, value]) => paxRecord(keyword, value)).join('');
  const header = new Uint8Array(whole.subarray(0, TAR_RECORD));
  setOctal(header, SIZE, SIZE_DIGITS, text.length);
  setChecksum(header);
  return concatBytes([header, nameToBytes(text), new Uint8Array(tarPadding(text.length))]);
}

/** `LENGTH KEYWORD=VALUE\n`, the length counting itself. */
function paxRecord(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return `${length}${rest}`;
}

function setOctal(
  header: Uint8Array,
  [at]: readonly [number, number],
  digits: number,
  value: number,
): void {
  const text = value.toString(8).padStart(digits, '0');
  if (text.length > digits) throw new SyscallError('EFBIG');
  header.set(nameToBytes(text), at);
  // The digits' end stays as the archive's writer likes it, unless there was a binary number.
  if (header[at + digits] !== SPACE) header[at + digits] = 0;
}

function setChecksum(header: Uint8Array): void {
  const [at, length] = CHECKSUM;
  header.fill(SPACE, at, at + length);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.set(nameToBytes(sum.toString(8).padStart(CHECKSUM_DIGITS, '0')), at);
  header[at + CHECKSUM_DIGITS] = 0;
}
