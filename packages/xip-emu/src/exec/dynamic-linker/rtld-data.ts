import { EM_386, EM_ARM, EM_RISCV, EM_X86_64, PT_TLS } from 'cramfs-elf';
import type { Process } from '../../process.js';
import type { LoadedObject } from '../loaded-object.js';
import { searchedCapabilities, type SearchedCapabilities } from './legacy-hwcaps.js';
import { alignUp, tlsOffsets } from './tls-offsets.js';
import { MinimalMalloc, type MappedRange } from './minimal-malloc.js';

/*
 * Sizes of glibc 2.36 (Debian 12). They differ a little between versions; what matters is which object
 * makes the loader take another page.
 */

/** Bytes of structures that depend on the machine. */
interface Sizes {
  readonly linkMap: number;
  readonly pthread: number;
  /** Alignment of struct pthread: TCB_ALIGNMENT. */
  readonly alignment: number;
  /** TLS_TCB_SIZE: the bytes between struct pthread and the variables. */
  readonly tcb: number;
}
const SIZES: Readonly<Record<number, Sizes>> = {
  [EM_ARM]: { linkMap: 624, pthread: 1280, alignment: 32, tcb: 8 },
  [EM_X86_64]: { linkMap: 1192, pthread: 2304, alignment: 64, tcb: 0 },
  [EM_RISCV]: { linkMap: 1160, pthread: 1888, alignment: 32, tcb: 0 },
};
/** For machines that are not in the table, by the size of a word. */
const USUAL_SIZES = {
  4: { linkMap: 624, pthread: 1184, alignment: 32, tcb: 0 },
  8: { linkMap: 1160, pthread: 1856, alignment: 32, tcb: 0 },
} as const;

/** Room for audit modules in the link maps of the program and the vdso: DL_NNS. */
const NAMESPACES = 16;
/** struct libname_list, struct r_search_path_elem, struct dtv_slotinfo and dtv_t, in words. */
const LIBNAME_WORDS = 3;
const SEARCH_PATH_WORDS = 5;
const SLOT_WORDS = 2;
/** struct dl_find_object_internal, in words; ARM and 386 have one more. */
const FOUND_WORDS = 4;
/** TLS_SLOTINFO_SURPLUS, DTV_SURPLUS, and the default of dl_tls_static_surplus. */
const SLOTINFO_SURPLUS = 62;
const DTV_SURPLUS = 14;
const STATIC_TLS_SURPLUS = 1664;

/**
 * The memory that glibc's loader takes for itself while it loads a program: a struct link_map for
 * each object, where to search, versions of symbols, and the block of thread-local variables of the
 * first thread. Compare elf/rtld.c:dl_main(), elf/dl-object.c:_dl_new_object().
 */
export class RtldData {
  private readonly heap: MinimalMalloc;
  private readonly word: 4 | 8;
  private readonly machine: number;
  private readonly sizes: Sizes;
  private readonly capabilities: SearchedCapabilities;
  private readonly hasVdso: boolean;

  /** This and all methods below throw the SyscallError of mmap(2). */
  constructor(process: Process, interpreter: LoadedObject) {
    const { build } = process;
    this.hasVdso = build.config.VDSO;
    this.word = interpreter.elf?.elfClass === 32 ? 4 : 8;
    this.machine = interpreter.elf?.machine ?? 0;
    this.sizes = SIZES[this.machine] ?? USUAL_SIZES[this.word];
    this.capabilities = searchedCapabilities(this.machine, build.arch);
    this.heap = new MinimalMalloc(process, interpreter, this.word);
  }

  /** What has been mapped for it. */
  get mapped(): readonly MappedRange[] {
    return this.heap.mapped;
  }

  /**
   * To be called before the first library: the program, the vdso, where to search.
   *
   * @param directories that are compiled into the loader.
   */
  start(directories: number, { dynamic }: LoadedObject): void {
    const { word } = this;
    const audit = NAMESPACES * 2 * word;
    this.linkMap('', audit);
    if (this.hasVdso) this.linkMap('', audit);
    const { count, bytes } = this.capabilities;
    this.block(bytes);
    this.block((directories + 1) * word);
    const element = SEARCH_PATH_WORDS * word;
    const elements = Math.floor((2 * element - 1 + count * 4) / element);
    this.block(directories * elements * element);
    const own = dynamic?.runpath ?? dynamic?.rpath;
    if (own === undefined) return;
    this.block(own.length + 1);
    const parts = own.split(':');
    this.block((parts.length + 1) * word);
    for (const { length } of parts) this.block(element + count * 4 + length + 3);
  }

  /** To be called before a library is mapped. @param path by which it is opened. */
  library(name: string, path: string): void {
    this.block(path.length + 1);
    this.linkMap(name, 0);
    this.block(path.length + 1);
  }

  /** To be called after the last library, before relocation. @param objects in the order of loading. */
  linked(objects: readonly LoadedObject[]): void {
    const { word } = this;
    for (const { role, dynamic } of objects) {
      if (role === 'library') this.block((2 * (dynamic?.needed.length ?? 0) + 3) * word);
    }
    this.block((2 * objects.length + 1) * word);
    for (const { dynamic } of objects) {
      const highest = dynamic?.highestVersion ?? 0;
      // struct r_found_version
      if (highest > 0) this.block((highest + 1) * (2 * word + 8));
    }
    this.threadLocal(objects);
    this.findObject(objects);
  }

  /** Compare elf/rtld.c:init_tls(), elf/dl-tls.c:_dl_allocate_tls_storage(). */
  private threadLocal(objects: readonly LoadedObject[]): void {
    const { heap, word, sizes } = this;
    const images = objects.flatMap(({ elf }) => elf?.segments.find(isTls) ?? []);
    const slots = images.length + 1 + SLOTINFO_SURPLUS;
    const slotBytes = SLOT_WORDS * word;
    const slotinfo = heap.malloc(2 * word + slots * slotBytes);
    heap.use(slotinfo, 2 * word + (images.length + 1) * slotBytes);

    const alignment = Math.max(sizes.alignment, ...images.map(({ align }) => align));
    const { offsets, end } = tlsOffsets(images, sizes.tcb);
    const staticSize = alignUp(end + STATIC_TLS_SURPLUS, sizes.alignment);
    const block = heap.malloc(staticSize + sizes.pthread + alignment + word);
    if (this.machine === EM_386 || this.machine === EM_X86_64) {
      // struct pthread follows the variables: TLS_TCB_AT_TP.
      heap.use(block + STATIC_TLS_SURPLUS, end + sizes.pthread);
    } else {
      const thread = alignUp(block + word + sizes.pthread, alignment);
      heap.use(thread - sizes.pthread - word, word + sizes.pthread + sizes.tcb);
      images.forEach(({ memsz }, index) => {
        heap.use(thread + offsets[index]!, memsz);
      });
    }
    const dtv = heap.malloc((images.length + DTV_SURPLUS + 2) * slotBytes);
    heap.use(dtv, (images.length + 2) * slotBytes);
  }

  /**
   * The table in which exceptions look for objects other than the program: elf/dl-find_object.c.
   */
  private findObject(objects: readonly LoadedObject[]): void {
    const others = objects.length - 1 + (this.hasVdso ? 1 : 0);
    const hasMore = this.machine === EM_386 || this.machine === EM_ARM;
    this.block(others * (FOUND_WORDS + (hasMore ? 1 : 0)) * this.word);
  }

  /** _dl_new_object() */
  private linkMap(name: string, audit: number): void {
    const { word } = this;
    this.block(this.sizes.linkMap + audit + (1 + LIBNAME_WORDS) * word + name.length + 1);
  }

  private block(bytes: number): void {
    this.heap.use(this.heap.malloc(bytes), bytes);
  }
}

function isTls({ type }: { readonly type: number }): boolean {
  return type === PT_TLS;
}
