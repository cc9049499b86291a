import { ValueRangeError } from './errors.js';

/** File types and permission bits of `mode`, as in include/uapi/linux/stat.h. */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
/** The sticky bit; on a regular file of the old linear-XIP cramfs: "execute in place". */
export const S_ISVTX = 0o1000;

export type FileType =
  'file' | 'directory' | 'symlink' | 'char-device' | 'block-device' | 'fifo' | 'socket';

const TYPES: ReadonlyMap<number, FileType> = new Map([
  [S_IFREG, 'file'],
  [S_IFDIR, 'directory'],
  [S_IFLNK, 'symlink'],
  [S_IFCHR, 'char-device'],
  [S_IFBLK, 'block-device'],
  [S_IFIFO, 'fifo'],
  [S_IFSOCK, 'socket'],
]);

/** The type that `mode` stands for, or undefined if Linux has no such type. */
export function fileType(mode: number): FileType | undefined {
  return TYPES.get(mode & S_IFMT);
}

/** The S_IFMT bits of `type`. @throws ValueRangeError for an unknown type. */
export function typeBits(type: FileType): number {
  for (const [bits, name] of TYPES) if (name === type) return bits;
  throw new ValueRangeError(`no such file type: ${type}`);
}

/** True for the types whose `size` and `offset` describe data in the image. */
export function hasData(mode: number): boolean {
  const format = mode & S_IFMT;
  return format === S_IFREG || format === S_IFDIR || format === S_IFLNK;
}

/** The ten characters that `ls -l` prints for `mode`, such as `-rwsr-xr-x`. */
export function formatMode(mode: number): string {
  const letters: Record<FileType, string> = {
    file: '-',
    directory: 'd',
    symlink: 'l',
    'char-device': 'c',
    'block-device': 'b',
    fifo: 'p',
    socket: 's',
  };
  const type = fileType(mode);
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = mode >> shift;
    const execute = (bits & 1) !== 0;
    const set = (mode & special) !== 0;
    const last = set ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-';
    return ((bits & 4) === 0 ? '-' : 'r') + ((bits & 2) === 0 ? '-' : 'w') + last;
  };
  return (
    (type === undefined ? '?' : letters[type]) +
    triple(6, S_ISUID, 's') +
    triple(3, S_ISGID, 's') +
    triple(0, S_ISVTX, 't')
  );
}
