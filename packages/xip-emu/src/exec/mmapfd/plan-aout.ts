import { AOUT_HEADER_SIZE, type AoutHeader } from 'cramfs-elf';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import type { PageGeometry } from '../../units.js';
import { MR_HDR_AOUT, type MappingPlan, type PlannedMapping } from './plan.js';

/** Where programs of SunOS 4 start, and what their data segments are aligned to: N_TXTADDR. */
const TEXT_ADDRESS = 0x2000;
const SEGMENT_SIZE = 0x2000;
/** A struct nlist of 32 bits. */
const NLIST_SIZE = 12;
const READ_EXEC = PROT_READ | PROT_EXEC;
const ALL = READ_EXEC | PROT_WRITE;

/**
 * Text, data and, where it does not fit after the data, bss of an a.out file of SunOS 4. A ZMAGIC
 * file whose entry is in the first page is a shared object. OMAGIC text is writable and contiguous
 * with the data. Compare a.out(5): N_TXTOFF, N_DATADDR, N_BSSADDR.
 */
export function planAout(header: AoutHeader, geometry: PageGeometry): MappingPlan {
  const { magic, text, data, bss, entry } = header;
  const isLibrary = magic === 'ZMAGIC' && entry < geometry.size;
  const textAddress = isLibrary ? 0 : TEXT_ADDRESS;
  const textOffset = magic === 'ZMAGIC' ? 0 : AOUT_HEADER_SIZE;
  const textEnd = textAddress + text;
  const dataAddress = Math.ceil(textEnd / SEGMENT_SIZE) * SEGMENT_SIZE;
  const mappings =
    magic === 'OMAGIC'
      ? withBss(
          { vaddr: textAddress, filesz: text + data, offset: textOffset, flags: 0 },
          bss,
          geometry,
        )
      : [
          {
            vaddr: textAddress,
            memsz: text,
            filesz: text,
            offset: textOffset,
            prot: READ_EXEC,
            flags: magic === 'ZMAGIC' ? MR_HDR_AOUT : 0,
          },
          ...withBss(
            { vaddr: dataAddress, filesz: data, offset: textOffset + text, flags: 0 },
            bss,
            geometry,
          ),
        ];
  return {
    fixed: !isLibrary,
    alignment: SEGMENT_SIZE,
    mappings: mappings.filter(({ memsz }) => memsz > 0),
    low32: true,
    elements: elementCount(header),
    canBePadded: false,
    takesReservations: false,
  };
}

/**
 * How many elements the caller needs room for: text, data, bss that does not fit into the last page
 * of data, and one for relocations and symbols if they make the file larger than the program,
 * though they are only read, never mapped. Compare illumos' uts/common/os/mmapobj.c:doaoutwork().
 */
function elementCount(header: AoutHeader): number {
  const { magic, text, data, bss, textRelocations, dataRelocations } = header;
  const inMemory = Math.ceil(text / SEGMENT_SIZE) * SEGMENT_SIZE + data + bss;
  const start = magic === 'ZMAGIC' ? 0 : AOUT_HEADER_SIZE;
  const inFile = start + text + data + textRelocations + dataRelocations + NLIST_SIZE;
  const room = SEGMENT_SIZE - (data % SEGMENT_SIZE);
  return 2 + (inFile >= inMemory ? 1 : 0) + (bss > room ? 1 : 0);
}

/** Data with the zeros that fit into its last page, and a mapping for the others. */
function withBss(
  data: Pick<PlannedMapping, 'vaddr' | 'filesz' | 'offset' | 'flags'>,
  bss: number,
  geometry: PageGeometry,
): PlannedMapping[] {
  const end = data.vaddr + data.filesz;
  const inPage = Math.min(bss, geometry.align(end) - end);
  return [
    { ...data, memsz: data.filesz + inPage, prot: ALL },
    { vaddr: end + inPage, memsz: bss - inPage, filesz: 0, offset: 0, prot: ALL, flags: 0 },
  ];
}
