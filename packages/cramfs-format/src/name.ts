/**
 * Names in cramfs are bytes, not text. In this toolkit a name (or a path) is a *byte string*: a
 * JavaScript string with one character U+0000..U+00FF per byte. It is lossless, compares like
 * strcmp(3) and can be a map key. Text to and from people goes through {@link nameToText} and {@link
 * textToName}.
 */

const CHUNK = 8192;

/** The byte string of `bytes`. */
export function bytesToName(bytes: Uint8Array): string {
  // Views take longer than the names of files that they are for, those of a Buffer most of all.
  if (bytes.length <= CHUNK) return Reflect.apply(String.fromCharCode, undefined, bytes) as string;
  let name = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    // No spread: that would make an array of the bytes first, which takes twice as long.
    const chunk = bytes.subarray(at, at + CHUNK);
    name += Reflect.apply(String.fromCharCode, undefined, chunk) as string;
  }
  return name;
}

/** The bytes of a byte string. */
export function nameToBytes(name: string): Uint8Array {
  const bytes = new Uint8Array(name.length);
  for (let at = 0; at < name.length; at += 1) bytes[at] = name.charCodeAt(at);
  return bytes;
}

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/**
 * Printable text for a byte string: UTF-8 where it is valid; backslashes, control characters and
 * stray bytes as `\\` and `\xNN`, so that no name can disturb a terminal or be mistaken for another.
 */
export function nameToText(name: string): string {
  // Most names are plain ASCII: nothing to decode, nothing to escape.
  if (/^[ -[\]-~]*$/.test(name)) return name;
  let text = '';
  for (let at = 0; at < name.length;) {
    const bytes = name.slice(at, at + utf8Length(name, at));
    const char = bytes < '\x80' && bytes !== '' ? bytes : decodeUtf8(bytes);
    if (char === undefined) {
      text += escapeBytes(name.charAt(at));
      at += 1;
      continue;
    }
    if (char === '\\') text += '\\\\';
    else text += /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(char) ? escapeBytes(bytes) : char;
    at += bytes.length;
  }
  return text;
}

/** The byte string that `text` stands for: the inverse of {@link nameToText}. */
export function textToName(text: string): string {
  const encoded = bytesToName(utf8Encoder.encode(text));
  return encoded.replace(/\\(?:x([0-9a-fA-F]{2})|\\)/g, (_, hex?: string) =>
    hex === undefined ? '\\' : String.fromCharCode(parseInt(hex, 16)),
  );
}

/**
 * Cuts a name to `limit` bytes, at a character boundary if it is UTF-8.
 *
 * @returns undefined if the name is too long and not UTF-8 where it would be cut, so that no safe place to
 * cut is known.
 */
export function truncateName(name: string, limit: number): string | undefined {
  if (name.length <= limit) return name;
  let end = limit;
  while (end > 0 && (name.charCodeAt(end) & 0xc0) === 0x80) end -= 1;
  if (end === 0 || (end < limit && (name.charCodeAt(end) & 0x80) === 0)) return undefined;
  return name.slice(0, end);
}

/** Bytes of the character that starts at `at`, by its first byte; 0 if none starts with that. */
function utf8Length(name: string, at: number): number {
  const lead = name.charCodeAt(at);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

/** The character that `bytes` are, or undefined. */
function decodeUtf8(bytes: string): string | undefined {
  if (bytes === '') return undefined;
  try {
    return utf8Decoder.decode(nameToBytes(bytes));
  } catch {
    return undefined;
  }
}

function escapeBytes(bytes: string): string {
  return Array.from(nameToBytes(bytes), (byte) => `\\x${hex2(byte)}`).join('');
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, '0');
}
