import type { Inode } from 'cramfs-reader';
import { nameToText } from 'cramfs-format';

/** The text of a JSON result; the shapes are documented in docs/cli.md. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** What JSON results say about an inode. Properties that do not apply are null. */
export interface InodeJson {
  readonly path: string;
  readonly type: string;
  /** Permission bits, setuid, setgid and sticky included, in octal: `0755`. */
  readonly mode: string;
  /** `st_mode` as stored. */
  readonly rawMode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; null for devices. */
  readonly size: number | null;
  readonly device: { readonly major: number; readonly minor: number } | null;
  /** Of a symlink. */
  readonly target: string | null;
  readonly inode: number;
}

/**
 * @param path byte string.
 * @param target byte string of a symlink, undefined for others or if it cannot be read.
 */
export function inodeJson(path: string, inode: Inode, target: string | undefined): InodeJson {
  return {
    path: nameToText(path),
    type: inode.type ?? 'unknown',
    mode: octal(inode.mode & 0o7777, 4),
    rawMode: inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    size: inode.rdev === undefined ? inode.size : null,
    device: inode.rdev ?? null,
    target: target === undefined ? null : nameToText(target),
    inode: inode.ino,
  };
}

export function octal(value: number, width: number): string {
  return value.toString(8).padStart(width, '0');
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
