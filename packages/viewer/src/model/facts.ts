import { nameToText, type Endianness } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';

/** What all views of the page show about an image. */
export interface ImageFacts {
  /** The name of its file, and its place in the file. Printable. */
  readonly title: string;
  /** Bytes of the image that exist. */
  readonly size: number;
  /** Bytes that its superblock says it has. */
  readonly statedSize: number;
  readonly endianness: Endianness;
  readonly blockSize: number;
  readonly dialect: string;
  /** The volume's name, printable. */
  readonly volume: string;
  readonly flags: number;
  /** Why the content of files cannot be read, in words; undefined if it can. */
  readonly unreadable: string | undefined;
  /** True if the content of files has been left out (`--no-data`). */
  readonly withoutData: boolean;
}

export function imageFacts(image: CramfsImage, title: string, withoutData: boolean): ImageFacts {
  const { size, superblock, endianness, blockSize, dialectName, unreadable } = image;
  return {
    title: nameToText(title),
    size,
    statedSize: superblock.size,
    endianness,
    blockSize,
    dialect: dialectName,
    volume: nameToText(superblock.name),
    flags: superblock.flags,
    unreadable,
    withoutData,
  };
}
