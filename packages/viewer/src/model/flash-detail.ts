import { decodeBlockPointer, nameToText } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import { pathOf, type Entries } from './entries.js';
import { FLASH_KINDS, rangeAt, rangeEnd, type FlashKind, type FlashMap } from './flash-map.js';

/** Details of a byte of flash. */
export interface FlashDetail {
  readonly offset: number;
  readonly kind: FlashKind;
  readonly start: number;
  readonly end: number;
  /** The entry that it belongs to: a byte string to link to, and text to show. */
  readonly path: string | undefined;
  readonly pathText: string | undefined;
  readonly block: FlashBlock | undefined;
}

export interface FlashBlock {
  readonly index: number;
  readonly count: number;
  readonly pointerOffset: number;
  readonly raw: number;
  readonly pointer: 'end' | 'direct';
  /** Bytes of the file in it. */
  readonly size: number;
}

/** @returns undefined for an offset outside the image and the flash. */
export function flashDetail(
  image: CramfsImage,
  entries: Entries,
  map: FlashMap,
  offset: number,
): FlashDetail | undefined {
  const range = rangeAt(map, offset);
  if (range < 0) return undefined;
  const owner = map.owners[range]!;
  const path = owner < 0 ? undefined : pathOf(entries, owner);
  const index = map.blocks[range]!;
  return {
    offset,
    kind: FLASH_KINDS[map.kinds[range]!]!,
    start: map.starts[range]!,
    end: rangeEnd(map, range),
    path,
    pathText: path === undefined ? undefined : nameToText(path),
    block: owner < 0 || index < 0 ? undefined : blockDetail(image, entries, owner, index),
  };
}

function blockDetail(
  image: CramfsImage,
  { list }: Entries,
  owner: number,
  index: number,
): FlashBlock {
  const { inode } = list[owner]!;
  const { pointerOffset, raw, size } = image.block(inode, index);
  const { kind: pointer } = decodeBlockPointer(raw);
  return { index, count: image.blockCount(inode), pointerOffset, raw, pointer, size };
}
