const EM_ARM = 40;
const EM_RISCV = 243;

/** A program header for {@link elfFile}; everything else of it is zero. */
export interface TestSegment {
  type?: number;
  flags: number;
  offset: number;
  filesz: number;
  vaddr?: number;
  /** Default: filesz. */
  memsz?: number;
  align?: number;
}

/**
 * An ELF file: headers written byte by byte over `body`, which gives the file its length.
 *
 * @param elfClass 32 or 64 bits.
 * @param type e_type: 2 executable, 3 shared object, 1 object file, 4 core.
 */
export function elfFile(
  elfClass: 32 | 64,
  little: boolean,
  segments: readonly TestSegment[],
  body: Uint8Array,
  type = 2,
): Uint8Array {
  const bytes = body.slice();
  const view = new DataView(bytes.buffer);
  const wide = elfClass === 64;
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  bytes.fill(0, 7, wide ? 64 : 52);
  view.setUint16(16, type, little);
  view.setUint16(18, wide ? EM_RISCV : EM_ARM, little);
  view.setUint32(20, 1, little);
  const phoff = wide ? 64 : 52;
  if (wide) view.setBigUint64(32, BigInt(phoff), little);
  else view.setUint32(28, phoff, little);
  view.setUint16(wide ? 54 : 42, wide ? 56 : 32, little);
  view.setUint16(wide ? 56 : 44, segments.length, little);
  segments.forEach((segment, index) => {
    const { type: segmentType = 1, flags, offset, filesz } = segment;
    const { vaddr = 0, memsz = filesz, align = 0 } = segment;
    const at = phoff + index * (wide ? 56 : 32);
    bytes.fill(0, at, at + (wide ? 56 : 32));
    view.setUint32(at, segmentType, little);
    if (wide) {
      view.setUint32(at + 4, flags, little);
      view.setBigUint64(at + 8, BigInt(offset), little);
      view.setBigUint64(at + 16, BigInt(vaddr), little);
      view.setBigUint64(at + 32, BigInt(filesz), little);
      view.setBigUint64(at + 40, BigInt(memsz), little);
      view.setBigUint64(at + 48, BigInt(align), little);
    } else {
      view.setUint32(at + 4, offset, little);
      view.setUint32(at + 8, vaddr, little);
      view.setUint32(at + 16, filesz, little);
      view.setUint32(at + 20, memsz, little);
      view.setUint32(at + 24, flags, little);
      view.setUint32(at + 28, align, little);
    }
  });
  return bytes;
}
