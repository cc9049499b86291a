import { isCramfsError } from 'cramfs-format';
import {
  AOUT_HEADER,
  AOUT_HEADER_SIZE,
  DYNAMIC_ENTRY,
  ELF_HEADER,
  FLAT_HEADER,
  FLAT_HEADER_SIZE,
  PROGRAM_HEADER,
  PT_DYNAMIC,
  decodeElfHeader,
  decodeProgramHeaders,
  elfHeaderSize,
  identLayout,
  isElf,
  isFlat,
  parseAout,
  programHeaderSize,
} from 'cramfs-elf';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { structureFields, type Field } from './fields.js';

/** Programs with more headers than this are not programs. */
const MAX_HEADERS = 256;
const MAX_DYNAMIC = 512;

/**
 * The headers of a program, as fields of its content: ELF with program headers and dynamic section, bFLT,
 * a.out. Empty if it is not a program or cannot be read.
 */
export function programFields(image: CramfsImage, inode: Inode): Field[] {
  if (inode.type !== 'file') return [];
  try {
    const head = readContent(image, inode, 0, Math.min(inode.size, image.blockSize));
    if (isElf(head)) return elfFields(image, inode, head);
    if (isFlat(head) && head.length >= FLAT_HEADER_SIZE) {
      return structureFields(FLAT_HEADER, viewOf(head), 0, false);
    }
    if (head.length >= AOUT_HEADER_SIZE && parseAout(head) !== undefined) {
      return structureFields(AOUT_HEADER, viewOf(head), 0, image.endianness === 'little');
    }
    return [];
  } catch (error) {
    if (isCramfsError(error)) return [];
    throw error;
  }
}

function elfFields(image: CramfsImage, inode: Inode, head: Uint8Array): Field[] {
  const layout = identLayout(head);
  if (layout === undefined || head.length < elfHeaderSize(layout.elfClass)) return [];
  const { elfClass, littleEndian: little } = layout;
  const fields = structureFields(ELF_HEADER[elfClass], viewOf(head), 0, little);
  const header = decodeElfHeader(head, layout);
  const phoff = Number(header.phoff);
  const size = programHeaderSize(elfClass);
  const count = Math.min(header.phnum, MAX_HEADERS);
  if (phoff + count * size > inode.size) return fields;
  const table = readContent(image, inode, phoff, phoff + count * size);
  for (let index = 0; index < count; index += 1) {
    const own = structureFields(
      PROGRAM_HEADER[elfClass],
      viewOf(table),
      index * size,
      little,
      phoff,
    );
    fields.push(...own.map((field) => ({ ...field, structure: `${field.structure} [${index}]` })));
  }
  const dynamic = decodeProgramHeaders(table, layout).find(({ type }) => type === PT_DYNAMIC);
  if (dynamic !== undefined) {
    const start = Number(dynamic.offset);
    const entry = DYNAMIC_ENTRY[elfClass];
    const end = Math.min(
      start + Number(dynamic.filesz),
      inode.size,
      start + MAX_DYNAMIC * entry.size,
    );
    if (start < end) {
      const view = viewOf(readContent(image, inode, start, end));
      for (let at = 0; at + entry.size <= end - start; at += entry.size) {
        fields.push(...structureFields(entry, view, at, little, start));
      }
    }
  }
  return fields;
}

/** Bytes of a file's content from `start` to before `end`. */
export function readContent(
  image: CramfsImage,
  inode: Inode,
  start: number,
  end: number,
): Uint8Array {
  const { blockSize } = image;
  const content = new Uint8Array(Math.max(0, end - start));
  for (let at = start; at < end;) {
    const index = Math.floor(at / blockSize);
    const part = image.readBlock(inode, index).subarray(at % blockSize, end - index * blockSize);
    if (part.length === 0) break;
    content.set(part, at - start);
    at += part.length;
  }
  return content;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
