import { PT_TLS } from 'cramfs-elf';
import type { Process } from '../../process.js';
import type { LoadedObject } from '../loaded-object.js';
import { MinimalMalloc, type MappedRange } from './minimal-malloc.js';

/*
 * Sizes of glibc 2.36 (Debian 12). They differ a little between versions and machines; what matters
 * is which object makes the loader take another page.
 */
/** struct link_map: of ARM, and of x86-64. */
const LINK_MAP = { 4: 632, 8: 1192 } as const;
/** struct pthread: of ARM, and of x86-64; on RISC-V it is smaller. */
const PTHREAD = { 4: 1184, 8: 2304 } as const;
const RISCV64_PTHREAD = 1856;
/** Room for audit modules in the link maps of the program and the vdso: DL_NNS. */
const NAMESPACES = 16;
/** struct libname_list, struct r_search_path_elem, struct dtv_slotinfo and dtv_t, in words. */
const LIBNAME_WORDS = 3;
const SEARCH_PATH_WORDS = 5;
const SLOT_WORDS = 2;
/** TLS_SLOTINFO_SURPLUS, DTV_SURPLUS, and the default of dl_tls_static_surplus. */
const SLOTINFO_SURPLUS = 62;
const DTV_SURPLUS = 14;
const STATIC_TLS_SURPLUS = 1664;
const TLS_ALIGNMENT = 64;
const EM_386 = 3;
const EM_ARM = 40;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;
const EM_RISCV = 243;

/**
 * Subdirectories for capabilities of the processor, and the bytes of their list:
 * elf/dl-hwcaps.c:_dl_important_hwcaps().
 */
const CAPABILITIES: Readonly<Record<number, { count: number; bytes: number }>> = {
  [EM_386]: { count: 8, bytes: 200 },
  [EM_X86_64]: { count: 12, bytes: 322 },
  [EM_ARM]: { count: 16, bytes: 300 },
  [EM_AARCH64]: { count: 8, bytes: 200 },
};
const NO_CAPABILITIES = { count: 2, bytes: 36 };

/**
 * The memory that glibc's loader takes for itself while it loads a program: a struct link_map for
 * each object, where to search, versions of symbols, and the block of thread-local variables of the
 * first thread. Compare elf/rtld.c:dl_main(), elf/dl-object.c:_dl_new_object().
 */
export class RtldData {
  private readonly heap: MinimalMalloc;
  private readonly word: 4 | 8;
  private readonly machine: number;
  private readonly hasVdso: boolean;

  /** This and all methods below throw the SyscallError of mmap(2). */
  constructor(process: Process, interpreter: LoadedObject) {
    this.hasVdso = process.build.config.VDSO;
    this.word = interpreter.elf?.elfClass === 32 ? 4 : 8;
    this.machine = interpreter.elf?.machine ?? 0;
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
    const { count, bytes } = CAPABILITIES[this.machine] ?? NO_CAPABILITIES;
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
      const needed = dynamic?.needed.length ?? 0;
      if (role !== 'program' && needed > 0) this.block((2 * needed + 3) * word);
    }
    this.block((2 * objects.length + 1) * word);
    for (const { dynamic } of objects) {
      const highest = dynamic?.highestVersion ?? 0;
      // struct r_found_version
      if (highest > 0) this.block((highest + 1) * (2 * word + 8));
    }
    this.threadLocal(objects);
  }

  /** Compare elf/rtld.c:init_tls(), elf/dl-tls.c:_dl_allocate_tls_storage(). */
  private threadLocal(objects: readonly LoadedObject[]): void {
    const { heap, word } = this;
    const images = objects.flatMap(({ elf }) => elf?.segments.find(isTls) ?? []);
    const slots = images.length + 1 + SLOTINFO_SURPLUS;
    const slotBytes = SLOT_WORDS * word;
    const slotinfo = heap.malloc(2 * word + slots * slotBytes);
    heap.use(slotinfo, 2 * word + (images.length + 1) * slotBytes);

    const alignment = Math.max(TLS_ALIGNMENT, ...images.map(({ align }) => align));
    const used = images.reduce((sum, { memsz, align }) => sum + memsz + align, 0);
    const isRiscv64 = this.machine === EM_RISCV && word === 8;
    const pthread = isRiscv64 ? RISCV64_PTHREAD : PTHREAD[word];
    const size = used + STATIC_TLS_SURPLUS + pthread;
    const block = heap.malloc(size + alignment + word);
    // On x86 struct pthread follows the variables (TLS_TCB_AT_TP), elsewhere it comes first.
    const isLast = this.machine === EM_386 || this.machine === EM_X86_64;
    heap.use(isLast ? block + STATIC_TLS_SURPLUS : block, used + pthread);
    const dtv = heap.malloc((images.length + DTV_SURPLUS + 2) * slotBytes);
    heap.use(dtv, (images.length + 2) * slotBytes);
  }

  /** _dl_new_object() */
  private linkMap(name: string, audit: number): void {
    const { word } = this;
    this.block(LINK_MAP[word] + audit + (1 + LIBNAME_WORDS) * word + name.length + 1);
  }

  private block(bytes: number): void {
    this.heap.use(this.heap.malloc(bytes), bytes);
  }
}

function isTls({ type }: { readonly type: number }): boolean {
  return type === PT_TLS;
}
