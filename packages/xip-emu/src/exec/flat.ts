import {
  FLAT_FLAG_GZDATA,
  FLAT_FLAG_GZIP,
  FLAT_FLAG_RAM,
  FLAT_HEADER_SIZE,
  inflateFlat,
  PF_R,
  PF_W,
  PF_X,
} from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import type { KernelBuild } from '../arch/kernel-build.js';
import { SyscallError } from '../errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMemory } from '../nommu/nommu-memory.js';
import type { Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { encodeWords } from './arguments.js';
import type { Binprm } from './binprm.js';
import { readFlatHeader, type FlatLengths } from './flat-header.js';
import { relocateFlat } from './flat-relocations.js';
import type { LoadedSegment, MappedFile } from './loaded-object.js';
import { overwritten } from './memory-overwritten.js';
import { pushFlatArguments, type StackArea } from './nommu-arguments.js';
import { beginNewExec, type LoadedNommu } from './nommu-loaded.js';
import { readProgram } from './open-exec.js';
import { pastPointOfNoReturn } from './point-of-no-return.js';

const LOAD_FLAT = 'fs/binfmt_flat.c:load_flat_file()';

/** The end of the address space: bFLT is for 32 bits. */
const ADDRESSES_END = 2 ** 32;

/** FLAT_DATA_ALIGN */
const DATA_ALIGN = 0x20;

const RWX = PROT_READ | PROT_WRITE | PROT_EXEC;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

/** Where the parts of a program are. */
interface FlatPlaces {
  readonly text: Address;
  readonly data: Address;
  /** The memory that data is in, followed by zeros, heap and stack. */
  readonly block: StackArea;
}

/**
 * Loads a bFLT program. Its text does not depend on where its data is, so text not meant for RAM is
 * a read-only mapping of the file, in ROM if the file can be mapped directly. Data, bss and stack
 * are one block of RAM. Compare fs/binfmt_flat.c:load_flat_file().
 *
 * @throws SyscallError ENOEXEC; ExecKilled.
 */
export function loadFlat(memory: NommuMemory, bprm: Binprm): LoadedNommu {
  const { file, head, interp } = bprm;
  const { config } = memory.build;
  if (!config.BINFMT_FLAT) throw new SyscallError('ENOEXEC', 'no support for bFLT');
  const header = readFlatHeader(head, argumentSpace(bprm, memory.build), memory.build);
  beginNewExec(memory, file, interp);
  return pastPointOfNoReturn(() => {
    const places = isInRam(header)
      ? loadIntoRam(memory, file, header)
      : loadApart(memory, file, header);
    const { text, data, block } = places;
    checkRoom(bprm, places, header.data);
    relocateFlat(memory, header, text, data);
    // The rest of the relocations, after the data, is cleared with bss, heap and stack.
    const used = Math.min(header.fullData, block.end - data) - header.data;
    if (used > 0) memory.write(data + header.data, new Uint8Array(used), LOAD_FLAT);
    writeLibraryTable(memory, data);
    setHeap(memory, data + header.data + header.bss, block.end - header.stack);
    memory.mm.startStack = pushFlatArguments(memory, block, bprm);
    return {
      format: 'flat',
      startCode: text,
      startData: data,
      startStack: memory.mm.startStack,
      mapped: mappedFile(file, header, places),
      interpreter: undefined,
      threadStart: { pc: text + header.entry, sp: memory.mm.startStack, startData: data },
    };
  });
}

/** Text as a mapping of the file. */
function loadApart(memory: NommuMemory, file: OpenFile, header: FlatLengths): FlatPlaces {
  const prot = PROT_READ | PROT_EXEC;
  const request = { address: 0, length: header.text, prot, flags: MAP_PRIVATE, file, pgoff: 0 };
  const text = memory.mmap(request);
  const offset = dataStartOffset(memory.build);
  const length = memory.mm.geometry.align(header.data + header.extra + offset);
  const start = memory.mmap({ address: 0, length, prot: RWX, flags: ANONYMOUS, pgoff: 0 });
  const data = alignUp(start + offset, DATA_ALIGN);
  const places = { text, data, block: { start, end: start + length } };
  storeData(memory, file, places, readData(file, header));
  return places;
}

/** All of it in one block. */
function loadIntoRam(memory: NommuMemory, file: OpenFile, header: FlatLengths): FlatPlaces {
  // Words have 4 bytes here, whatever the size of a pointer is.
  const offset = dataStartOffset(memory.build) > 0 ? 4 : 0;
  const length = memory.mm.geometry.align(header.text + header.data + header.extra + offset);
  const text = memory.mmap({ address: 0, length, prot: RWX, flags: ANONYMOUS, pgoff: 0 });
  const data = alignUp(text + header.text + offset, DATA_ALIGN);
  const places = { text, data, block: { start: text, end: text + length } };
  if ((header.flags & FLAT_FLAG_GZIP) === 0) {
    memory.write(text, readProgram(file, 0, header.text), LOAD_FLAT);
    storeData(memory, file, places, readData(file, header));
  } else {
    // The header itself is not read: its place stays empty.
    const code = header.text - FLAT_HEADER_SIZE;
    const content = inflate(file, FLAT_HEADER_SIZE, code + header.fullData);
    memory.write(text + FLAT_HEADER_SIZE, content, LOAD_FLAT);
    storeData(memory, file, places, content.subarray(code));
  }
  return places;
}

/**
 * Data starts at a multiple of 32 bytes, but the block has room for only one word before it, so the
 * end may not fit.
 *
 * @throws KernelCorruption.
 */
function storeData(
  memory: NommuMemory,
  file: OpenFile,
  { data, block }: FlatPlaces,
  bytes: Uint8Array,
): void {
  const end = data + bytes.length;
  if (end > block.end) {
    throw overwritten({
      kernelFunction: LOAD_FLAT,
      effect:
        'data and relocations are longer than the room for them by what is left free before the data, and go over what follows it in RAM, whoever owns it',
      first: { operation: `exec ${nameToText(file.path)}, with data and stack`, ...block },
      second: { operation: 'its data is read', start: data, end },
    });
  }
  memory.write(data, bytes, LOAD_FLAT);
}

/**
 * Clears what follows the data up to the end of the block; if the block ends before that, all of
 * memory.
 *
 * @throws KernelCorruption.
 */
function checkRoom({ interp }: Binprm, { data, block }: FlatPlaces, length: number): void {
  const start = data + length;
  if (start <= block.end) return;
  throw overwritten({
    kernelFunction: LOAD_FLAT,
    effect:
      'the data ends after the room for it, and the kernel clears what it takes for a very long rest: all memory',
    first: { operation: `exec ${nameToText(interp)}, with data and stack`, ...block },
    second: { operation: 'its zeros are made', start, end: ADDRESSES_END },
  });
}

/** Data and relocations, as the file has them. */
function readData(file: OpenFile, { flags, text, fullData }: FlatLengths): Uint8Array {
  return (flags & FLAT_FLAG_GZDATA) === 0
    ? readProgram(file, text, fullData)
    : inflate(file, text, fullData);
}

/** @throws SyscallError ENOEXEC */
function inflate(file: OpenFile, position: number, length: number): Uint8Array {
  const content = inflateFlat((at, count) => readProgram(file, at, count), position, length);
  if (typeof content === 'string') throw new SyscallError('ENOEXEC', content);
  return content;
}

/** Text that shares a block with the data instead of being mapped from the file. */
function isInRam({ flags }: FlatLengths): boolean {
  return (flags & (FLAT_FLAG_RAM | FLAT_FLAG_GZIP)) !== 0;
}

/** DATA_START_OFFSET_WORDS: room before the data, in bytes. */
function dataStartOffset({ arch, config }: KernelBuild): number {
  return config.BINFMT_FLAT_NO_DATA_START_OFFSET ? 0 : arch.pointerSize;
}

/** The word before the data tells the program where its data is: MAX_SHARED_LIBS_UPDATE. */
function writeLibraryTable(memory: NommuMemory, data: Address): void {
  const { arch } = memory.build;
  if (dataStartOffset(memory.build) === 0) return;
  memory.write(data - arch.pointerSize, encodeWords(arch, [data]), LOAD_FLAT);
}

function mappedFile(
  { path, inode }: OpenFile,
  header: FlatLengths,
  places: FlatPlaces,
): MappedFile {
  const { text, data, bss } = header;
  const inRam = isInRam(header) ? PF_W : 0;
  const textFlags = PF_R | PF_X | inRam;
  const segments: LoadedSegment[] = [
    { vaddr: 0, offset: 0, filesz: text, memsz: text, flags: textFlags, address: places.text },
    {
      vaddr: 0,
      offset: text,
      filesz: data,
      memsz: data + bss,
      flags: PF_R | PF_W | PF_X,
      address: places.data,
    },
  ];
  return { path, inode, elf: undefined, segments };
}

/** The heap starts after the zeros and ends where the stack may grow to. */
function setHeap(memory: NommuMemory, start: Address, end: Address): void {
  memory.mm.startBrk = start;
  memory.mm.brkEnd = alignUp(start, 4);
  memory.mm.brkLimit = end;
}

/** Stack for strings and pointers. Compare fs/binfmt_flat.c:load_flat_binary(). */
function argumentSpace({ filename, argv, envp }: Binprm, { arch }: KernelBuild): number {
  const pointerSize: number = arch.pointerSize;
  const strings = [filename, ...argv, ...envp];
  const bytes = strings.reduce((sum, string) => sum + string.length + 1, pointerSize);
  const pointers = (argv.length + 1 + envp.length + 1) * pointerSize;
  return alignUp(bytes + pointers, arch.flat.stackAlign);
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
