import { PT_GNU_PROPERTY } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import type { OpenFile } from '../vfs/file.js';
import type { ElfHeaders } from './elf-phdrs.js';
import { readProgram } from './open-exec.js';

/** NOTE_DATA_SZ */
const NOTE_LIMIT = 1024;
/** struct elf_note, "GNU" with its zero; struct gnu_property. */
const NOTE_HEADER = 12;
const NAME = [0x47, 0x4e, 0x55, 0];
const PROPERTY_HEADER = 8;
const NT_GNU_PROPERTY_TYPE_0 = 5;
const GNU_PROPERTY_AARCH64_FEATURE_1_AND = 0xc0000000;

/**
 * Checks the property note (the last PT_GNU_PROPERTY) of the interpreter, or of the program if it
 * has no interpreter. The note's content concerns the processor alone.
 *
 * @throws SyscallError EIO if it is too short, ENOEXEC if it is malformed. Compare
 * fs/binfmt_elf.c:parse_elf_properties() with CONFIG_ARCH_USE_GNU_PROPERTY, 64-bit programs.
 */
export function checkGnuProperties(file: OpenFile, { phdrs, layout }: ElfHeaders): void {
  const phdr = phdrs.findLast(({ type }) => type === PT_GNU_PROPERTY);
  if (phdr === undefined) return;
  if (phdr.filesz > NOTE_LIMIT) throw malformed('more than 1024 bytes');
  const note = readNote(file, Number(phdr.offset), Number(phdr.filesz));
  const view = new DataView(note.buffer, note.byteOffset, note.byteLength);
  const word = (at: number): number => view.getUint32(at, layout.littleEndian);
  const isNamed = NAME.every((byte, index) => note[NOTE_HEADER + index] === byte);
  if (word(8) !== NT_GNU_PROPERTY_TYPE_0 || word(0) !== NAME.length || !isNamed) {
    throw malformed('not a GNU property note');
  }
  const start = NOTE_HEADER + NAME.length;
  if (word(4) > note.length - start) throw malformed('it ends before its properties do');
  checkEach(word, start, start + word(4));
}

/** Compare fs/binfmt_elf.c:parse_elf_property(), arch/arm64: arch_parse_elf_property(). */
function checkEach(word: (at: number) => number, start: number, end: number): void {
  let previous: number | undefined;
  for (let at = start; at !== end;) {
    if (end - at < PROPERTY_HEADER) throw malformed('a property is cut off');
    const type = word(at);
    const size = word(at + 4);
    const step = Math.ceil(size / 8) * 8;
    if (step > end - at - PROPERTY_HEADER) throw malformed('a property is cut off');
    if (previous !== undefined && type <= previous) throw malformed('properties are not sorted');
    if (type === GNU_PROPERTY_AARCH64_FEATURE_1_AND && size !== 4) {
      throw malformed('features are not one word');
    }
    previous = type;
    at += PROPERTY_HEADER + step;
  }
}

function readNote(file: OpenFile, offset: number, length: number): Uint8Array {
  let note: Uint8Array;
  try {
    note = readProgram(file, offset, length);
  } catch (error) {
    if (error instanceof SyscallError) throw new SyscallError('EIO', 'PT_GNU_PROPERTY');
    throw error;
  }
  if (note.length < NOTE_HEADER + NAME.length) {
    throw new SyscallError('EIO', 'PT_GNU_PROPERTY is too short');
  }
  return note;
}

function malformed(reason: string): SyscallError {
  return new SyscallError('ENOEXEC', `PT_GNU_PROPERTY: ${reason}`);
}
