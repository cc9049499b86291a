import type { LabMapping } from './snapshot.js';

/* The lines of a scenario that the page's controls produce. */

/** The ways to touch a page. */
export type Access = 'r' | 'w' | 'x';

export interface MmapStep {
  readonly fd: number | undefined;
  /** Bytes. */
  readonly length: number;
  /** Letters of `rwx`; empty for PROT_NONE. */
  readonly prot: string;
  /** Words for MAP_*: `private`, `fixed` ... */
  readonly flags: readonly string[];
  /** Page of the file. */
  readonly pgoff: number;
  /** Hint, or the place with `fixed`; undefined lets the kernel choose. */
  readonly address: number | undefined;
}

/** Scenarios show addresses from here on up to {@link WINDOW_END} as they are. */
export const WINDOW_START = 0x40000000;
export const WINDOW_END = 0x60000000;
/** The space that a hint leaves free after the previous mapping. */
const WINDOW_GAP = 0x10000;

export function mountLine(kind: string): string {
  return `mount ${kind}`;
}

export function openLine(fd: number, path: string, access: 'r' | 'w' | 'rw'): string {
  return `open ${fd} ${scenarioWord(path)} ${access}`;
}

export function mmapLine(id: string, step: MmapStep): string {
  const { fd, length, prot, flags, pgoff, address } = step;
  const words = fd === undefined ? [...flags, 'anon'] : flags;
  return [
    `mmap ${id} ${fd ?? '-'} ${hex(length)} ${prot === '' ? '-' : prot} ${words.join(',')} ${pgoff}`,
    ...(address === undefined ? [] : [hex(address)]),
  ].join(' ');
}

export function touchLine(id: string, page: number, access: Access): string {
  return `touch ${id} ${page} ${access}`;
}

/** Calls for a part of a mapping: `munmap`, `msync`; `mprotect` and `madvise` with a last word. */
export function rangeLine(
  word: 'munmap' | 'mprotect' | 'madvise' | 'msync' | 'sum',
  { id, offset, length }: { readonly id: string; readonly offset: number; readonly length: number },
  last?: string,
): string {
  return [word, id, hex(offset), hex(length), ...(last === undefined ? [] : [last])].join(' ');
}

export function mremapLine(id: string, length: number, flags: readonly string[]): string {
  return ['mremap', id, hex(length), ...(flags.length === 0 ? [] : [flags.join(',')])].join(' ');
}

export function readLine(fd: number, offset: number, length: number): string {
  return `read ${fd} ${hex(offset)} ${hex(length)}`;
}

/** The first letter, or letters, that no mapping has: a, b, ... z, aa, ab ... */
export function nextId(mappings: readonly Pick<LabMapping, 'id'>[]): string {
  const taken = new Set(mappings.map(({ id }) => id));
  for (let number = 0; ; number += 1) {
    const id = letters(number);
    if (!taken.has(id)) return id;
  }
}

export function nextFd(files: readonly { readonly fd: number }[]): number {
  const taken = new Set(files.map(({ fd }) => fd));
  let fd = 0;
  while (taken.has(fd)) fd += 1;
  return fd;
}

/** A hint that avoids existing mappings, in the range where scenarios show addresses. */
export function nextHint(
  mappings: readonly Pick<LabMapping, 'address' | 'length'>[],
  pageSize: number,
): number {
  const ends = mappings
    .map(({ address, length }) => address + length)
    .filter((end) => end > WINDOW_START && end < WINDOW_END);
  const last = Math.max(WINDOW_START - WINDOW_GAP, ...ends);
  const step = Math.max(WINDOW_GAP, pageSize);
  return (Math.ceil(last / step) + 1) * step;
}

/** A path as a word of a scenario, which ends at a blank and has no `#`. */
export function scenarioWord(path: string): string {
  return path.replace(/[\s#]/g, (char) => {
    const bytes = new TextEncoder().encode(char);
    return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  });
}

function letters(number: number): string {
  const letter = String.fromCharCode(97 + (number % 26));
  return number < 26 ? letter : `${letters(Math.floor(number / 26) - 1)}${letter}`;
}

function hex(value: number): string {
  return value < 10 ? String(value) : `0x${value.toString(16)}`;
}
