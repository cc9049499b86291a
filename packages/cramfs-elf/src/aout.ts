/** Bytes of a `struct exec`. */
export const AOUT_HEADER_SIZE = 32;

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

/** @returns undefined for what is no a.out file of SunOS 4. */
export function parseAout(bytes: Uint8Array): AoutHeader | undefined {
  if (bytes.length < AOUT_HEADER_SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = MAGICS[view.getUint16(2)];
  if (magic === undefined) return undefined;
  return {
    dynamic: view.getUint8(0) >= 0x80,
    machine: view.getUint8(1),
    magic,
    text: view.getUint32(4),
    data: view.getUint32(8),
    bss: view.getUint32(12),
    symbols: view.getUint32(16),
    entry: view.getUint32(20),
    textRelocations: view.getUint32(24),
    dataRelocations: view.getUint32(28),
  };
}
