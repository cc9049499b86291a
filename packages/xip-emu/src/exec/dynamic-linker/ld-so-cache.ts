import { bytesToName } from 'cramfs-format';

/** Names and paths of /etc/ld.so.cache; byte strings. */
export type LdSoCache = ReadonlyMap<string, readonly string[]>;

const MAGIC = 'glibc-ld.so.cache1.1';
const OLD_MAGIC = 'ld.so-1.7.0';
const OLD_HEADER_SIZE = 16;
const OLD_ENTRY_SIZE = 12;
const HEADER_SIZE = 48;
const ENTRY_SIZE = 24;
const FLAGS_AT = 28;
/** Byte order in the flags; old versions of the file do not say, and use the machine's. */
const BIG_ENDIAN = 3;
/** The longest path that can be opened, in bytes. */
const PATH_MAX = 4096;
/** ldconfig writes each string once. */
const MAX_SHARED = 8;

/**
 * Parses what ldconfig writes. Entries for certain processors only (hwcaps) are left out. Compare
 * glibc's sysdeps/generic/dl-cache.h: struct cache_file_new.
 *
 * @returns undefined if it is not such a file; glibc then ignores it.
 */
export function parseLdSoCache(bytes: Uint8Array, littleEndian: boolean): LdSoCache | undefined {
  const start = newFormatStart(bytes, littleEndian);
  if (start === undefined || bytes.length < start + HEADER_SIZE) return undefined;
  const cache = bytes.subarray(start);
  const view = new DataView(cache.buffer, cache.byteOffset, cache.byteLength);
  const order = cache[FLAGS_AT]! & 3;
  const little = order === 0 ? littleEndian : order !== BIG_ENDIAN;
  const count = view.getUint32(20, little);
  if (HEADER_SIZE + count * ENTRY_SIZE > cache.length) return undefined;

  // Strings may share their ends; in a damaged file each may be almost as long as the file.
  let budget = MAX_SHARED * cache.length;
  const found = new Map<string, string[]>();
  for (let entry = 0; entry < count; entry += 1) {
    const at = HEADER_SIZE + entry * ENTRY_SIZE;
    if (view.getBigUint64(at + 16, little) !== 0n) continue;
    const name = stringAt(cache, view.getUint32(at + 4, little));
    const path = stringAt(cache, view.getUint32(at + 8, little));
    budget -= name.length + path.length;
    if (budget < 0) return undefined;
    const paths = found.get(name);
    if (paths === undefined) found.set(name, [path]);
    else paths.push(path);
  }
  return found;
}

/** The new format may follow the old one. */
function newFormatStart(bytes: Uint8Array, littleEndian: boolean): number | undefined {
  if (startsWith(bytes, MAGIC)) return 0;
  if (!startsWith(bytes, OLD_MAGIC) || bytes.length < OLD_HEADER_SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const oldSize = OLD_HEADER_SIZE + view.getUint32(12, littleEndian) * OLD_ENTRY_SIZE;
  const start = Math.ceil(oldSize / 8) * 8;
  return startsWith(bytes.subarray(start), MAGIC) ? start : undefined;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return bytesToName(bytes.subarray(0, text.length)) === text;
}

function stringAt(bytes: Uint8Array, at: number): string {
  let text = '';
  const limit = at + PATH_MAX;
  for (let index = at; index < limit && (bytes[index] ?? 0) !== 0; index += 1) {
    text += String.fromCharCode(bytes[index]!);
  }
  return text;
}
