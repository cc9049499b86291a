import { FLAT_FLAG_RAM, PF_R, PF_W, PF_X } from 'cramfs-elf';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import { pageAlign, type Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { Binprm } from './binprm.js';
import { extraSpace, readFlatHeader, type FlatLengths } from './flat-header.js';
import { relocateFlat } from './flat-relocations.js';
import type { LoadedSegment, MappedFile } from './loaded-object.js';
import { beginNewExec, type LoadedNommu } from './nommu-loaded.js';
import { readProgram } from './open-exec.js';
import { pastPointOfNoReturn } from './point-of-no-return.js';

/** FLAT_DATA_ALIGN */
const DATA_ALIGN = 0x20;
/** FLAT_STACK_ALIGN: RISC-V wants its stack pointer like this. */
const STACK_ALIGN = 16;
const POINTER_SIZE = 8;

const RWX = PROT_READ | PROT_WRITE | PROT_EXEC;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

/** Where the parts of a program are. */
interface FlatPlaces {
  readonly text: Address;
  readonly data: Address;
  /** End of the block that data is in. */
  readonly top: Address;
}

/**
 * Loads a bFLT program. Its text does not know where its data is, so text that is not meant for
 * RAM is a read-only mapping of the file: in ROM if the file can be mapped directly. Data, bss and
 * stack are one block of RAM. Compare fs/binfmt_flat.c:load_flat_file().
 *
 * @throws SyscallError ENOEXEC; ExecKilled.
 */
export function loadFlat(mm: NommuMm, bprm: Binprm): LoadedNommu {
  const { file, head, interp } = bprm;
  const header = readFlatHeader(head, argumentSpace(bprm));
  beginNewExec(mm, file, interp);
  return pastPointOfNoReturn(() => {
    const inRam = (header.flags & FLAT_FLAG_RAM) !== 0;
    const places = inRam ? loadIntoRam(mm, file, header) : loadApart(mm, file, header);
    const { text, data, top } = places;
    relocateFlat(mm, header, text, data);
    const relocations = Math.min(header.fullData, top - data) - header.data;
    mm.write(data + header.data, new Uint8Array(relocations));
    setHeap(mm, data + header.data + header.bss, top, header.stack);
    return {
      format: 'flat',
      startCode: text,
      startData: data,
      startStack: top,
      mapped: mappedFile(file, header, places),
      interpreter: undefined,
    };
  });
}

/** Text as a mapping of the file. */
function loadApart(mm: NommuMm, file: OpenFile, header: FlatLengths): FlatPlaces {
  const prot = PROT_READ | PROT_EXEC;
  const length = header.text;
  const text = mm.mmap({ address: 0, length, prot, flags: MAP_PRIVATE, file, pgoff: 0 });
  const block = pageAlign(header.data + extraSpace(header));
  const data = mm.mmap({ address: 0, length: block, prot: RWX, flags: ANONYMOUS, pgoff: 0 });
  mm.write(data, readProgram(file, header.text, header.fullData));
  return { text, data, top: data + block };
}

/** All of it in one block. */
function loadIntoRam(mm: NommuMm, file: OpenFile, header: FlatLengths): FlatPlaces {
  const length = pageAlign(header.text + header.data + extraSpace(header));
  const text = mm.mmap({ address: 0, length, prot: RWX, flags: ANONYMOUS, pgoff: 0 });
  const data = alignUp(text + header.text, DATA_ALIGN);
  mm.write(text, readProgram(file, 0, header.text));
  mm.write(data, readProgram(file, header.text, header.fullData));
  return { text, data, top: text + length };
}

function mappedFile(
  { path, inode }: OpenFile,
  { text, data, bss, flags }: FlatLengths,
  places: FlatPlaces,
): MappedFile {
  const inRam = (flags & FLAT_FLAG_RAM) === 0 ? 0 : PF_W;
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

/** The heap starts behind the zeros and ends where the stack may come to. */
function setHeap(mm: NommuMm, start: Address, top: Address, stackSize: number): void {
  mm.startBrk = start;
  mm.brkEnd = alignUp(start, 4);
  mm.brkLimit = top - stackSize;
  mm.startStack = top;
}

/** Stack for strings and pointers. Compare fs/binfmt_flat.c:load_flat_binary(). */
function argumentSpace({ filename, argv, envp }: Binprm): number {
  const strings = [filename, ...argv, ...envp];
  const bytes = strings.reduce((sum, string) => sum + string.length + 1, POINTER_SIZE);
  const pointers = (argv.length + 1 + envp.length + 1) * POINTER_SIZE;
  return alignUp(bytes + pointers, STACK_ALIGN);
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
