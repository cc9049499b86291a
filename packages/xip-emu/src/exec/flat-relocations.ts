import { FLAT_FLAG_GOTPIC, FLAT_HEADER_SIZE, OLD_FLAT_VERSION } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import type { NommuMemory } from '../nommu/nommu-memory.js';
import type { Address } from '../units.js';
import type { FlatLengths } from './flat-header.js';

const WORD = 4;
const END_OF_TABLE = 0xffffffff;

/**
 * Turns the addresses in the data of a bFLT program into those of where its parts are: the table at
 * the start of the data, then the words that the relocations after the data name. Compare
 * fs/binfmt_flat.c:load_flat_file().
 *
 * @param startText of the file's header.
 * @throws SyscallError ENOEXEC for an address outside of the program.
 */
export function relocateFlat(
  memory: NommuMemory,
  header: FlatLengths,
  startText: Address,
  startData: Address,
): void {
  const { rev, flags, text, data, bss, relocCount, relocStart } = header;
  const little = memory.build.arch.endianness === 'little';
  const hasTable = (flags & FLAT_FLAG_GOTPIC) !== 0;
  const code = (text - FLAT_HEADER_SIZE) >>> 0;
  // Compare fs/binfmt_flat.c:calc_reloc(); addresses of the file start after its header.
  const moved = (at: number): Address => {
    if (at > data + bss + code) {
      throw new SyscallError('ENOEXEC', `reloc outside program 0x${at.toString(16)}`);
    }
    return at < code ? at + startText + FLAT_HEADER_SIZE : at - code + startData;
  };

  if (hasTable) {
    for (let at = afterTableHeader(memory, startData); ; at += WORD) {
      const value = load(memory, at, little);
      if (value === END_OF_TABLE) break;
      if (value !== 0) store(memory, at, moved(value), little);
    }
  }
  const relocations = startData + ((relocStart - text) >>> 0);
  for (let index = 0; index < relocCount; index += 1) {
    const entry = load(memory, relocations + index * WORD, false);
    if (rev === OLD_FLAT_VERSION) {
      relocateOld(
        memory,
        entry,
        [startText + FLAT_HEADER_SIZE, startData, startData + data],
        little,
      );
      continue;
    }
    const at = moved(entry);
    // Without a table, words are big-endian, as the linker wrote them.
    const value = load(memory, at, hasTable && little);
    if (value !== 0) store(memory, at, moved(value), little);
  }
}

/**
 * A relocation of version 2: a signed 30-bit offset of a word of the data, and in the highest bits
 * a type, which says whether the start of text, data or bss is added to the word. Compare
 * fs/binfmt_flat.c:old_reloc(), include/linux/flat.h:flat_v2_reloc_t.
 */
function relocateOld(
  memory: NommuMemory,
  entry: number,
  starts: readonly Address[],
  little: boolean,
): void {
  const type = entry >>> 30;
  const at = starts[1]! + ((entry << 2) >> 2);
  store(memory, at, (load(memory, at, little) + (starts[type] ?? 0)) % 2 ** 32, little);
}

/** On RISC-V the linker leaves two words for the dynamic loader: skip_got_header(). */
function afterTableHeader(memory: NommuMemory, start: Address): Address {
  if (!memory.build.arch.flat.gotHeader) return start;
  if (load(memory, start, true) !== END_OF_TABLE) return start;
  return load(memory, start + WORD, true) === END_OF_TABLE ? start + 4 * WORD : start + 2 * WORD;
}

function load(memory: NommuMemory, at: Address, littleEndian: boolean): number {
  const bytes = new Uint8Array(WORD);
  memory.loadRange(at, bytes);
  return new DataView(bytes.buffer).getUint32(0, littleEndian);
}

function store(memory: NommuMemory, at: Address, value: Address, littleEndian: boolean): void {
  const bytes = new Uint8Array(WORD);
  new DataView(bytes.buffer).setUint32(0, value, littleEndian);
  memory.write(at, bytes, 'fs/binfmt_flat.c:load_flat_file() => flat_put_addr_at_rp()');
}
