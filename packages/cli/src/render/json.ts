import type { Inode } from 'cramfs-reader';
import { nameToText } from 'cramfs-format';

/** The text of a JSON result; the shapes are documented in docs/cli.md. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** An array of a JSON result whose elements are made while they are written. */
export class JsonList {
  readonly items: Iterable<unknown>;

  constructor(items: Iterable<unknown>) {
    this.items = items;
  }
}

/**
 * The text of {@link renderJson}, for results too long to be held in memory.
 *
 * @param value plain data, with JsonLists as the value itself or as its properties.
 */
export function* jsonPieces(value: unknown): Generator<string, void> {
  yield* valuePieces(value, '');
  yield '\n';
}

function* valuePieces(value: unknown, indent: string): Generator<string, void> {
  const inner = `${indent}  `;
  if (value instanceof JsonList) {
    let separator = '[\n';
    for (const item of value.items) {
      yield `${separator}${inner}${indentJson(item, inner)}`;
      separator = ',\n';
    }
    yield separator === ',\n' ? `\n${indent}]` : '[]';
  } else if (isRecord(value) && Object.values(value).some((field) => field instanceof JsonList)) {
    let separator = '{\n';
    for (const [key, field] of Object.entries(value)) {
      yield `${separator}${inner}${JSON.stringify(key)}: `;
      yield* valuePieces(field, inner);
      separator = ',\n';
    }
    yield `\n${indent}}`;
  } else {
    yield indentJson(value, indent);
  }
}

/** A value that starts in a line with this indentation. */
export function indentJson(value: unknown, indent: string): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
  /** Target of a symlink. */
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
