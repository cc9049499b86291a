import type { Block } from 'cramfs-reader';
import { hex } from './json.js';

/** What JSON results say about a block. */
export interface BlockJson {
  readonly index: number;
  readonly kind: Block['kind'];
  readonly direct: boolean;
  /** The stored pointer, and where it is. */
  readonly pointer: string;
  readonly pointerOffset: number;
  /** Stored bytes: image offset and length. */
  readonly start: number;
  readonly length: number;
  /** Bytes of the file. */
  readonly size: number;
}

export function blockJson(block: Block): BlockJson {
  const { index, kind, direct, raw, pointerOffset, start, length, size } = block;
  return { index, kind, direct, pointer: pointerText(raw), pointerOffset, start, length, size };
}

/** A stored pointer as all eight digits, its flags in the first. */
function pointerText(raw: number): string {
  return `0x${raw.toString(16).padStart(8, '0')}`;
}

/** Cells: number, pointer, kind, flags, start, end, stored bytes, bytes of the file. */
export function blockRow({ index, kind, direct, raw, start, length, size }: Block): string[] {
  return [
    String(index),
    pointerText(raw),
    kind,
    direct ? 'direct' : 'end',
    hex(start),
    hex(start + length),
    String(length),
    String(size),
  ];
}
