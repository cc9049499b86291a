import { concatBytes, nameToBytes } from 'cramfs-format';

/** Bytes of a header, and what everything in a tar is padded to. */
export const TAR_RECORD = 512;

/** `typeflag` of POSIX.1-1988's ustar. */
const TAR_TYPES = {
  file: '0',
  link: '1',
  symlink: '2',
  'char-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const;

/** One member of a tar. Names are byte strings. */
export interface TarMember {
  readonly type: keyof typeof TAR_TYPES;
  readonly name: string;
  /** Target of a symlink, or the name of the member that a link is another name of. */
  readonly linkName?: string | undefined;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that follow the header. */
  readonly size: number;
  /** Seconds since 1970; default 0, as cramfs stores no time. */
  readonly mtime?: number | undefined;
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
}

/** GNU tar's own members that hold a name too long for the header of the next one. */
const LONG_NAME = 'L';
const LONG_LINK_NAME = 'K';
const LONG_MEMBER_NAME = '././@LongLink';

const NAME_LENGTH = 100;

/**
 * The header of a member, and before it GNU's `@LongLink` members for names of more than 100 bytes.
 * Not pax headers: these hold UTF-8, and a name in cramfs may be anything.
 */
export function encodeTarMember(member: TarMember): Uint8Array {
  const { name, linkName = '' } = member;
  return concatBytes([
    ...longName(LONG_LINK_NAME, linkName),
    ...longName(LONG_NAME, name),
    header(member, TAR_TYPES[member.type]),
  ]);
}

/** Zero bytes that follow `size` bytes of content. */
export function tarPadding(size: number): number {
  return (TAR_RECORD - (size % TAR_RECORD)) % TAR_RECORD;
}

function longName(type: string, name: string): Uint8Array[] {
  if (name.length <= NAME_LENGTH) return [];
  const size = name.length + 1;
  const content = new Uint8Array(size + tarPadding(size));
  content.set(nameToBytes(name));
  const member = { name: LONG_MEMBER_NAME, mode: 0o644, uid: 0, gid: 0, size };
  return [header(member, type), content];
}

function header(member: Omit<TarMember, 'type'>, type: string): Uint8Array {
  const bytes = new Uint8Array(TAR_RECORD);
  const text = (at: number, length: number, value: string): void => {
    bytes.set(nameToBytes(value.slice(0, length)), at);
  };
  const octal = (at: number, length: number, value: number): void => {
    text(at, length, value.toString(8).padStart(length - 1, '0'));
  };
  const { name, linkName = '', mode, uid, gid, size, mtime = 0, major = 0, minor = 0 } = member;
  text(0, NAME_LENGTH, name);
  octal(100, 8, mode);
  octal(108, 8, uid);
  octal(116, 8, gid);
  octal(124, 12, size);
  octal(136, 12, mtime);
  text(148, 8, ' '.repeat(8));
  text(156, 1, type);
  text(157, NAME_LENGTH, linkName);
  text(257, 8, 'ustar  \0'); // GNU's magic and version, which @LongLink belongs to
  octal(329, 8, major);
  octal(337, 8, minor);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  text(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return bytes;
}
