import { concatBytes, nameToBytes } from 'cramfs-format';
import {
  GNU_MAGIC,
  TAR_BLOCK_SIZE,
  USTAR,
  setTarChecksum,
  setTarNumber,
  setTarText,
} from './ustar.js';

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

/** A member to be written. Names are byte strings. */
export interface NewTarMember {
  readonly type: keyof typeof TAR_TYPES;
  readonly name: string;
  /** Target of a symlink, or the name of the member that a hard link refers to. */
  readonly linkName?: string | undefined;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that follow the header. */
  readonly size: number;
  /** Seconds since 1970; default 0, as cramfs does not store times. */
  readonly mtime?: number | undefined;
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
}

/** GNU tar's own members that hold a name too long for the header of the next one. */
const LONG_NAME = 'L';
const LONG_LINK_NAME = 'K';
const LONG_MEMBER_NAME = '././@LongLink';

const NAME_LENGTH = USTAR.name[1];

/**
 * The header of a member, and before it GNU's `@LongLink` members for names of more than 100 bytes.
 * Not pax headers: these hold UTF-8, and a name in cramfs may be anything.
 */
export function encodeTarMember(member: NewTarMember): Uint8Array {
  const { name, linkName = '' } = member;
  return concatBytes([
    ...longName(LONG_LINK_NAME, linkName),
    ...longName(LONG_NAME, name),
    header(member, TAR_TYPES[member.type]),
  ]);
}

/** Zero bytes that follow `size` bytes of content. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK_SIZE - (size % TAR_BLOCK_SIZE)) % TAR_BLOCK_SIZE;
}

function longName(type: string, name: string): Uint8Array[] {
  if (name.length <= NAME_LENGTH) return [];
  const size = name.length + 1;
  const content = new Uint8Array(size + tarPadding(size));
  content.set(nameToBytes(name));
  const member = { name: LONG_MEMBER_NAME, mode: 0o644, uid: 0, gid: 0, size };
  return [header(member, type), content];
}

function header(member: Omit<NewTarMember, 'type'>, type: string): Uint8Array {
  const bytes = new Uint8Array(TAR_BLOCK_SIZE);
  const { name, linkName = '', mode, uid, gid, size, mtime = 0, major = 0, minor = 0 } = member;
  setTarText(bytes, USTAR.name, name);
  setTarNumber(bytes, USTAR.mode, mode);
  setTarNumber(bytes, USTAR.uid, uid);
  setTarNumber(bytes, USTAR.gid, gid);
  setTarNumber(bytes, USTAR.size, size);
  setTarNumber(bytes, USTAR.mtime, mtime);
  setTarText(bytes, USTAR.typeflag, type);
  setTarText(bytes, USTAR.linkname, linkName);
  setTarText(bytes, USTAR.magic, GNU_MAGIC);
  setTarNumber(bytes, USTAR.devmajor, major);
  setTarNumber(bytes, USTAR.devminor, minor);
  setTarChecksum(bytes);
  return bytes;
}
