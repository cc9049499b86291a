import { U16, U32, U8, decodeStructure, structure } from 'cramfs-format';

/** `struct exec` of SunOS 4, big-endian. */
export const AOUT_HEADER = structure('struct exec', {
  /** The highest bit is a_dynamic, the others are a_toolversion. */
  dynamic: U8,
  machtype: U8,
  magic: U16,
  text: U32,
  data: U32,
  bss: U32,
  syms: U32,
  entry: U32,
  trsize: U32,
  drsize: U32,
});
export const AOUT_HEADER_SIZE = AOUT_HEADER.size;

const MAGICS: Readonly<Record<number, AoutHeader['magic']>> = {
  0o407: 'OMAGIC',
  0o410: 'NMAGIC',
  0o413: 'ZMAGIC',
};

/** The header of an a.out file of SunOS 4: a.out(5), struct exec, big-endian. Sizes in bytes. */
export interface AoutHeader {
  /** Has to be linked with shared objects when it runs. */
  readonly dynamic: boolean;
  /** a_machtype: 1 is the 68010, 2 the 68020, 3 SPARC. */
  readonly machine: number;
  /** Text is writable; read-only; read-only and starts, header included, at a page of the file. */
  readonly magic: 'OMAGIC' | 'NMAGIC' | 'ZMAGIC';
  readonly text: number;
  readonly data: number;
  readonly bss: number;
  readonly symbols: number;
  readonly entry: number;
  readonly textRelocations: number;
  readonly dataRelocations: number;
}

/** @returns undefined if it is not an a.out file of SunOS 4. */
export function parseAout(bytes: Uint8Array): AoutHeader | undefined {
  if (bytes.length < AOUT_HEADER_SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = decodeStructure(AOUT_HEADER, view, 0, false);
  const magic = MAGICS[header.magic];
  if (magic === undefined) return undefined;
  const { text, data, bss, entry } = header;
  return {
    dynamic: header.dynamic >= 0x80,
    machine: header.machtype,
    magic,
    ...{ text, data, bss, entry },
    symbols: header.syms,
    textRelocations: header.trsize,
    dataRelocations: header.drsize,
  };
}
