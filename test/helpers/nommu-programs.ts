import { elfFile, type TestSegment } from './elf-builder.js';

/** e_ident[EI_OSABI] of FDPIC programs for ARM. */
const ELFOSABI_ARM_FDPIC = 65;

/** An FDPIC executable for ARM: {@link elfFile} with the mark of that ABI. */
export function fdpicFile(segments: readonly TestSegment[], body: Uint8Array): Uint8Array {
  const bytes = elfFile(32, true, segments, body);
  bytes[7] = ELFOSABI_ARM_FDPIC;
  return bytes;
}

export interface FlatOptions {
  readonly rev?: number;
  readonly flags?: number;
  /** What relocations name: addresses that count from the end of the header. */
  readonly relocations?: readonly number[];
  readonly bss?: number;
  /** Bytes of stack; 4096 if it is left out. */
  readonly stack?: number;
}

/** A bFLT program: 64 bytes of header, `text`, `data`, relocations; nothing is compressed. */
export function flatFile(
  text: Uint8Array,
  data: Uint8Array,
  { rev = 4, flags = 0, relocations = [], bss = 0, stack = 4096 }: FlatOptions = {},
): Uint8Array {
  const dataStart = 64 + text.length;
  const dataEnd = dataStart + data.length;
  const bytes = new Uint8Array(dataEnd + 4 * relocations.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('bFLT'));
  const words = [rev, 64, dataStart, dataEnd, dataEnd + bss, stack, dataEnd];
  [...words, relocations.length, flags].forEach((word, index) => {
    view.setUint32(4 + 4 * index, word);
  });
  bytes.set(text, 64);
  bytes.set(data, dataStart);
  relocations.forEach((address, index) => {
    view.setUint32(dataEnd + 4 * index, address);
  });
  return bytes;
}
