import { bytesToName } from 'cramfs-format';
import { TarFormatError } from './ustar.js';

/** A record of a pax extended header; byte strings, as pax allows any encoding (hdrcharset). */
export type PaxRecord = readonly [keyword: string, value: string];

/** Access control lists have keywords of their own. */
const XATTR = /^(?:(?:SCHILY|LIBARCHIVE)\.xattr|SCHILY(?=\.acl\.))\.([^]+)$/;
const NO_NAMES: readonly string[] = [];

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = '=';

/**
 * Reads the records of a pax extended header, `LENGTH KEYWORD=VALUE\n` each, in their order: GNU
 * tar repeats some keywords.
 *
 * @throws TarFormatError
 */
export function parsePaxRecords(bytes: Uint8Array): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(SPACE, at);
    const digits = bytesToName(bytes.subarray(at, Math.max(at, space)));
    const end = at + (/^[0-9]{1,9}$/.test(digits) ? Number(digits) : 0);
    // The length counts itself, so a record cannot end before the space; this rules out 0, too.
    if (space < 0 || end <= space || end > bytes.length || bytes[end - 1] !== NEWLINE) {
      throw new TarFormatError('bad record in a pax header');
    }
    const record = bytesToName(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf(EQUALS);
    if (equals <= 0) throw new TarFormatError('bad record in a pax header');
    records.push([record.slice(0, equals), record.slice(equals + 1)]);
    at = end;
  }
  return records;
}

/** What the headers for one member say: its own records over the global ones. */
export class PaxAttributes {
  /** The member's own records. */
  readonly records: readonly PaxRecord[];
  private readonly own: ReadonlyMap<string, string>;
  private readonly global: ReadonlyMap<string, string>;

  constructor(global: ReadonlyMap<string, string>, records: readonly PaxRecord[]) {
    this.global = global;
    this.records = records;
    this.own = new Map(records);
  }

  /** An empty value cancels a global one. */
  text(keyword: string): string | undefined {
    const value = this.own.get(keyword) ?? this.global.get(keyword);
    return value === '' ? undefined : value;
  }

  /** Names of extended attributes as star, GNU tar and bsdtar write them. */
  xattrs(): readonly string[] {
    if (this.records.length === 0) return NO_NAMES;
    return this.records.flatMap(([keyword]) => XATTR.exec(keyword)?.[1] ?? []);
  }

  /** @throws TarFormatError if the value is not a decimal number below 2^53. */
  number(keyword: string): number | undefined {
    const value = this.text(keyword);
    return value === undefined ? undefined : decimal(value, keyword);
  }
}

/** @throws TarFormatError if `value` is not a decimal number below 2^53. */
export function decimal(value: string, what: string): number {
  const number = /^[0-9]+$/.test(value) ? Number(value) : NaN;
  if (!(number <= Number.MAX_SAFE_INTEGER)) throw new TarFormatError(`bad number for ${what}`);
  return number;
}
