/*
 * Writes small ELF programs and shared objects byte by byte, for benchmarks and tests of loaders; it
 * shares no code with the toolkit. An object has two segments:
 *
 *   r-x  headers, strings, relocations, "code" up to `textSize`
 *   rw-  the dynamic section and data, then bss
 *
 * Addresses are the base plus the offset in the file, with `gap` pages more after the text. Without
 * anything for a dynamic loader there is no dynamic section.
 */

export interface ElfObjectOptions {
  /** Default 64. */
  readonly elfClass?: 32 | 64;
  /** Default true. */
  readonly little?: boolean;
  /** e_machine; default 243, RISC-V. */
  readonly machine?: number;
  readonly osAbi?: number;
  readonly flags?: number;
  /** Default `dyn`. */
  readonly type?: 'exec' | 'dyn';
  /** p_vaddr of the first segment; default 0. */
  readonly base?: number;
  /** p_align; default 4096. */
  readonly align?: number;
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  readonly flags1?: number;
  readonly textRelocations?: boolean;
  /** Bytes of the r-x segment, at least a page; default two pages. */
  readonly textSize?: number;
  /** Pages that are left out between the segments, in memory; default 0. */
  readonly gap?: number;
  /** Bytes of data after the dynamic section; default 256. */
  readonly data?: number;
  readonly bss?: number;
  /** Bytes from the start of the rw- segment that become read-only after relocation. */
  readonly relro?: number;
  /** Offsets in the rw- segment that DT_RELA or DT_REL entries relocate. */
  readonly relocations?: readonly number[];
  /** The same, for places in the text. */
  readonly textPlaces?: readonly number[];
  /** Other entries of the dynamic section. */
  readonly entries?: readonly (readonly [tag: number, value: number])[];
  /** Bytes at the end of the r-x segment that stand for the strings of a loader. */
  readonly strings?: string;
}

const PAGE = 4096;
const PT = { load: 1, dynamic: 2, interp: 3, relro: 0x6474e552, stack: 0x6474e551 } as const;

export function elfObject(options: ElfObjectOptions = {}): Uint8Array {
  const { elfClass = 64, little = true, machine = 243, osAbi = 0, flags = 0 } = options;
  const { type = 'dyn', base = 0, align = PAGE, textSize = 2 * PAGE, gap = 0 } = options;
  const { data = 256, bss = 0, relro = 0, needed = [], relocations = [] } = options;
  const word = elfClass / 8;
  const dataVaddr = base + textSize + gap * PAGE;
  const strings = new Strings();
  const interpreterAt = 0x400;
  const stringsAt = 0x500;
  const relocationsAt = 0xa00;
  const places = [
    ...relocations.map((offset) => dataVaddr + offset),
    ...(options.textPlaces ?? []).map((offset) => base + offset),
  ];
  const isRela = elfClass === 64;
  const entrySize = (isRela ? 3 : 2) * word;

  const entries: [number, number][] = needed.map((name) => [1, strings.add(name)]);
  const addString = (tag: number, value: string | undefined): void => {
    if (value !== undefined) entries.push([tag, strings.add(value)]);
  };
  addString(14, options.soname);
  addString(15, options.rpath);
  addString(29, options.runpath);
  if (options.flags1 !== undefined) entries.push([0x6ffffffb, options.flags1]);
  if (options.textRelocations === true) entries.push([22, 0]);
  if (places.length > 0) {
    entries.push([isRela ? 7 : 17, base + relocationsAt]);
    entries.push([isRela ? 8 : 18, places.length * entrySize]);
  }
  for (const [tag, value] of options.entries ?? []) entries.push([tag, value]);
  const isDynamic = entries.length > 0 || options.interpreter !== undefined;
  if (options.interpreter !== undefined) entries.push([21, 0]);
  entries.push([5, base + stringsAt], [10, strings.bytes.length], [0, 0]);
  const dynamicSize = isDynamic ? entries.length * 2 * word : 0;
  const dataSize = dynamicSize + data;

  const bytes = new Uint8Array(textSize + dataSize);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 7 + (at >> 12)) & 255;
  const view = new DataView(bytes.buffer);
  const put = (at: number, width: number, value: number): void => {
    if (width === 2) view.setUint16(at, value, little);
    else if (width === 4) view.setUint32(at, value, little);
    else view.setBigUint64(at, BigInt(value), little);
  };
  bytes.fill(0, 0, relocationsAt + places.length * entrySize);
  places.forEach((place, index) => {
    put(relocationsAt + index * entrySize, word, place);
    put(relocationsAt + index * entrySize + word, word, 3);
  });
  bytes.set(strings.bytes, stringsAt);
  if (options.interpreter !== undefined) {
    bytes.set(latin1(`${options.interpreter}\0`), interpreterAt);
  }
  if (options.strings !== undefined) {
    bytes.set(latin1(options.strings), textSize - options.strings.length);
  }
  if (isDynamic) {
    entries.forEach(([tag, value], index) => {
      put(textSize + index * 2 * word, word, tag);
      put(textSize + (index * 2 + 1) * word, word, value);
    });
  }

  const interpreterSize = (options.interpreter?.length ?? 0) + 1;
  const headers: Header[] = [
    { type: PT.load, flags: 5, offset: 0, vaddr: base, filesz: textSize, memsz: textSize },
    {
      type: PT.load,
      flags: 6,
      offset: textSize,
      vaddr: dataVaddr,
      filesz: dataSize,
      memsz: dataSize + bss,
    },
  ];
  if (options.interpreter !== undefined) {
    const at = { offset: interpreterAt, vaddr: base + interpreterAt };
    headers.unshift({ type: PT.interp, flags: 4, ...at, filesz: interpreterSize });
  }
  if (isDynamic) {
    const at = { offset: textSize, vaddr: dataVaddr };
    headers.push({ type: PT.dynamic, flags: 6, ...at, filesz: dynamicSize });
  }
  headers.push({ type: PT.stack, flags: 6, offset: 0, vaddr: 0, filesz: 0 });
  if (relro > 0) {
    headers.push({
      type: PT.relro,
      flags: 4,
      offset: textSize,
      vaddr: dataVaddr,
      filesz: relro,
    });
  }

  const wide = elfClass === 64;
  const headerSize = wide ? 64 : 52;
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1, osAbi]);
  put(16, 2, type === 'exec' ? 2 : 3);
  put(18, 2, machine);
  put(20, 4, 1);
  put(24, word, base + 0x10);
  put(24 + word, word, headerSize);
  put(24 + 3 * word, 4, flags);
  put(headerSize - 10, 2, wide ? 56 : 32);
  put(headerSize - 8, 2, headers.length);
  headers.forEach((header, index) => {
    const { offset, vaddr, filesz, memsz = filesz } = header;
    const at = headerSize + index * (wide ? 56 : 32);
    const fields = wide
      ? ([header.flags, offset, vaddr, vaddr, filesz, memsz, align] as const)
      : ([offset, vaddr, vaddr, filesz, memsz, header.flags, align] as const);
    put(at, 4, header.type);
    let next = at + 4;
    fields.forEach((value, field) => {
      const width = wide && field > 0 ? 8 : 4;
      put(next, width, value);
      next += width;
    });
  });
  return bytes;
}

interface Header {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly filesz: number;
  readonly memsz?: number;
}

class Strings {
  bytes = new Uint8Array(1);

  add(text: string): number {
    const at = this.bytes.length;
    const longer = new Uint8Array(at + text.length + 1);
    longer.set(this.bytes);
    longer.set(latin1(text), at);
    this.bytes = longer;
    return at;
  }
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
