import { FLAT_FLAG_GOTPIC, FLAT_HEADER_SIZE } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import type { Address } from '../units.js';
import type { FlatLengths } from './flat-header.js';

const WORD = 4;
const END_OF_TABLE = 0xffffffff;

/**
 * Turns the addresses in the data of a bFLT program into those of where its parts are: the table at
 * the start of the data, then the words that the relocations behind the data name. Compare
 * fs/binfmt_flat.c:load_flat_file().
 *
 * @param startText of the file's header.
 * @throws SyscallError ENOEXEC for an address outside of the program.
 */
export function relocateFlat(
  mm: NommuMm,
  header: FlatLengths,
  startText: Address,
  startData: Address,
): void {
  const { flags, text, data, bss, relocCount, relocStart } = header;
  const hasTable = (flags & FLAT_FLAG_GOTPIC) !== 0;
  const code = (text - FLAT_HEADER_SIZE) >>> 0;
  // Compare fs/binfmt_flat.c:calc_reloc(); addresses of the file start behind its header.
  const moved = (at: number): Address => {
    if (at > data + bss + code) {
      throw new SyscallError('ENOEXEC', `reloc outside program 0x${at.toString(16)}`);
    }
    return at < code ? at + startText + FLAT_HEADER_SIZE : at - code + startData;
  };

  if (hasTable) {
    for (let at = behindTableHeader(mm, startData); ; at += WORD) {
      const value = load(mm, at, true);
      if (value === END_OF_TABLE) break;
      if (value !== 0) store(mm, at, moved(value));
    }
  }
  const relocations = startData + ((relocStart - text) >>> 0);
  for (let index = 0; index < relocCount; index += 1) {
    const at = moved(load(mm, relocations + index * WORD, false));
    const value = load(mm, at, hasTable);
    if (value !== 0) store(mm, at, moved(value));
  }
}

/** On RISC-V the linker leaves two words for the dynamic loader: skip_got_header(). */
function behindTableHeader(mm: NommuMm, start: Address): Address {
  if (load(mm, start, true) !== END_OF_TABLE) return start;
  return load(mm, start + WORD, true) === END_OF_TABLE ? start + 4 * WORD : start + 2 * WORD;
}

function load(mm: NommuMm, at: Address, littleEndian: boolean): number {
  const bytes = new Uint8Array(WORD);
  mm.loadRange(at, bytes);
  return new DataView(bytes.buffer).getUint32(0, littleEndian);
}

function store(mm: NommuMm, at: Address, value: Address): void {
  const bytes = new Uint8Array(WORD);
  new DataView(bytes.buffer).setUint32(0, value, true);
  mm.write(at, bytes);
}
