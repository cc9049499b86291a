/** Builds tar archives byte by byte; shares nothing with the code that reads them. */

export interface TarItem {
  /** Byte string. */
  name: string;
  typeflag?: string;
  format?: 'ustar' | 'gnu' | 'v7';
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  linkname?: string;
  major?: number;
  minor?: number;
  /** Byte string or bytes; padded to a block. */
  data?: string | Uint8Array;
  /** Overrides the length of `data` in the header. */
  size?: number;
  prefix?: string;
  /** Raw bytes put over the header before its checksum is made. */
  patches?: readonly (readonly [at: number, bytes: string])[];
}

const MAGICS = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '' };

/** A header with its data. */
export function tarItem(item: TarItem): Buffer {
  const { name, format = 'ustar', typeflag = '0', mode = 0o644, uid = 0, gid = 0 } = item;
  const data = typeof item.data === 'object' ? item.data : Buffer.from(item.data ?? '', 'latin1');
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'latin1');
  header.write(octal(mode, 7), 100);
  header.write(octal(uid, 7), 108);
  header.write(octal(gid, 7), 116);
  header.write(octal(item.size ?? data.length, 11), 124);
  header.write(octal(item.mtime ?? 0, 11), 136);
  header.write(typeflag, 156, 'latin1');
  header.write(item.linkname ?? '', 157, 100, 'latin1');
  header.write(MAGICS[format], 257, 'latin1');
  header.write(octal(item.major ?? 0, 7), 329);
  header.write(octal(item.minor ?? 0, 7), 337);
  if (item.prefix !== undefined) header.write(item.prefix, 345, 155, 'latin1');
  for (const [at, bytes] of item.patches ?? []) header.write(bytes, at, 'latin1');
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return Buffer.concat([header, data, Buffer.alloc(-data.length & 511)]);
}

/** A pax header for the next item, or with typeflag `g` for all that follow. */
export function paxHeader(records: readonly (readonly [string, string])[], typeflag = 'x'): Buffer {
  const data = records.map(([keyword, value]) => paxRecord(`${keyword}=${value}\n`)).join('');
  return tarItem({ name: 'pax', typeflag, data });
}

/** GNU's way to a long name (`L`) or link target (`K`) of the next item. */
export function gnuLong(typeflag: 'L' | 'K', text: string): Buffer {
  return tarItem({ name: '././@LongLink', format: 'gnu', typeflag, data: `${text}\0` });
}

/** An archive with its end marker. */
export function tarArchive(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Hands out `bytes` in pieces of `size`, as a slow pipe would. */
export async function* inChunks(bytes: Uint8Array, size = 65536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** The length in front counts itself. */
function paxRecord(rest: string): string {
  let length = rest.length + 2;
  while (`${length} ${rest}`.length !== length) length += 1;
  return `${length} ${rest}`;
}
