import { bytesToName } from 'cramfs-format';
import { isSyscallError } from '../../errno.js';
import { MAP_PRIVATE, PROT_READ } from '../../memory-map.js';
import type { Process } from '../../process.js';
import type { LoadedObject } from '../loaded-object.js';
import { parseLdSoCache, type LdSoCache } from './ld-so-cache.js';
import { mapAsGlibc, mapAsMusl, type MapLibrary } from './map-library.js';
import { peekFile } from './peek-file.js';
import { preloadFileNames, preloadNames } from './preload.js';
import { searchAsGlibc, searchAsMusl, type SearchPaths } from './search.js';
import { glibcStackDepth, muslStackDepth, type StackDepth } from './stack-depth.js';

/** A dynamic loader: what glibc's and musl's do differently. */
export interface DynamicLoader {
  readonly name: 'glibc' | 'musl';
  readonly map: MapLibrary;
  readonly searchPaths: SearchPaths;
  /** Bytes of a file that it reads before it maps it. */
  readonly headerBytes: number;
  /** True: a library for another machine is skipped; false: it is an error. */
  readonly skipsForeign: boolean;
  /** Addresses in the dynamic section are relocated in place, where that is writable. */
  readonly relocatesDynamic: boolean;
  /**
   * Whether text with relocations becomes writable for them and read-only again afterwards. If not,
   * `map` makes libraries with such text writable as a whole.
   */
  readonly relocatesText: boolean;
  /** The loader is relocated again, and its RELRO protected, only if an object needs it. */
  readonly relocatesItselfIfNeeded: boolean;
  /**
   * Whether the loader's own RELRO becomes read-only if it relocates itself. @param machine
   * e_machine.
   */
  protectsItself(machine: number): boolean;
  /** The unused ends of writable segments' pages become memory for malloc. */
  readonly reclaimsGaps: boolean;
  /** Until libc is loaded the loader allocates memory of its own: see rtld-data.ts. */
  readonly hasOwnMemory: boolean;
  /** A library that is made for an executable stack gets one. */
  readonly obeysStackHeaders: boolean;
  /** How much of the program's stack it uses. */
  readonly stackDepth: StackDepth;
  /** True for the library that is the loader itself. */
  isItself(name: string): boolean;
  systemDirectories(process: Process, interpreter: LoadedObject): string[];
  /** Returns the libraries that are loaded before all others; the environment names some. */
  preloaded(process: Process, envp: readonly string[]): string[];
  /** ld.so.cache; undefined if there is none, or it is not used. */
  openCache(process: Process, program: LoadedObject): OpenedCache | undefined;
}

/** ld.so.cache, mapped until all libraries are found. */
export interface OpenedCache {
  readonly entries: LdSoCache;
  /** Compare elf/dl-cache.c:_dl_unload_cache(). */
  unload(): void;
}

export type LoaderName = DynamicLoader['name'];

const GLIBC: DynamicLoader = {
  name: 'glibc',
  map: mapAsGlibc,
  searchPaths: searchAsGlibc,
  headerBytes: 832,
  skipsForeign: true,
  relocatesDynamic: true,
  relocatesText: true,
  relocatesItselfIfNeeded: true,
  protectsItself: () => true,
  reclaimsGaps: false,
  hasOwnMemory: true,
  obeysStackHeaders: true,
  stackDepth: glibcStackDepth,
  isItself: () => false,
  systemDirectories: (_process, interpreter) => compiledDirectories(interpreter),
  preloaded(process, envp) {
    const file = readWholeFile(process, '/etc/ld.so.preload');
    if (file === undefined) return preloadNames(envp);
    file.unmap();
    return [...preloadNames(envp), ...preloadFileNames(file.bytes)];
  },
  openCache(process, program) {
    const file = readWholeFile(process, '/etc/ld.so.cache');
    if (file === undefined) return undefined;
    const entries = parseLdSoCache(file.bytes, program.elf?.endianness !== 'big');
    if (entries !== undefined) return { entries, unload: file.unmap };
    file.unmap();
    return undefined;
  },
};

/** A file of directories that is longer is damaged. */
const PATH_FILE_LIMIT = 65536;
/** What musl's one library contains: ldso/dynlink.c:load_library(). */
const MUSL_OWN = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;
/**
 * 386, S/390 and x86-64. musl looks for its own RELRO before it knows the page size, and finds none
 * unless the size is a constant: ldso/dynlink.c:kernel_mapped_dso(), arch/MACHINE/bits/limits.h.
 */
const CONSTANT_PAGE_SIZE = new Set([3, 22, 62]);
const MUSL_DIRECTORIES = ['/lib', '/usr/local/lib', '/usr/lib'];

const MUSL: DynamicLoader = {
  name: 'musl',
  map: mapAsMusl,
  searchPaths: searchAsMusl,
  headerBytes: 896,
  skipsForeign: false,
  relocatesDynamic: false,
  relocatesText: false,
  relocatesItselfIfNeeded: false,
  protectsItself: (machine) => CONSTANT_PAGE_SIZE.has(machine),
  reclaimsGaps: true,
  hasOwnMemory: false,
  obeysStackHeaders: false,
  stackDepth: muslStackDepth,
  isItself: (name) => MUSL_OWN.test(name),
  systemDirectories(process, { name }) {
    // The file is in the same tree as the loader, PREFIX/lib/ld-musl-ARCH.so.1.
    const match = /^(.*?)(?:\/[^/]+)?\/ld-musl-([^/]+)\.so\.1$/.exec(name);
    const own =
      match === null ? undefined : readFile(process, `${match[1]!}/etc/ld-musl-${match[2]!}.path`);
    if (own === undefined) return MUSL_DIRECTORIES;
    return bytesToName(own.subarray(0, PATH_FILE_LIMIT))
      .split(/[:\n]/)
      .filter((directory) => directory !== '');
  },
  preloaded: (_process, envp) => preloadNames(envp),
  openCache: () => undefined,
};

/** @param wanted `auto`: by the name of the interpreter. */
export function dynamicLoader(
  wanted: LoaderName | 'auto',
  { name, path }: LoadedObject,
): DynamicLoader {
  if (wanted !== 'auto') return wanted === 'musl' ? MUSL : GLIBC;
  return /\/ld-musl-[^/]*$/.test(name) || /\/(?:ld-musl-[^/]*|libc\.so)$/.test(path) ? MUSL : GLIBC;
}

const SLASH = 0x2f;
/** A string that is longer is not a system directory. */
const PATH_LIMIT = 256;
/** Most of glibc's builds have these. */
const GLIBC_DIRECTORIES = ['/lib64', '/usr/lib64', '/lib', '/usr/lib'];

/**
 * The directories that are compiled into glibc's loader: a row of strings that end in a slash
 * (elf/dl-load.c:system_dirs), such as `/lib/x86_64-linux-gnu/`, `/usr/lib/x86_64-linux-gnu/`, ...
 * A zero need not precede the first one: on 32-bit ARM other data comes right before it.
 */
function compiledDirectories({ inode }: LoadedObject): string[] {
  const bytes = peekFile(inode);
  let row: string[] = [];
  for (let start = 0, end = 0; end < bytes.length; end += 1) {
    if (bytes[end] !== 0) continue;
    const isPath = bytes[end - 1] === SLASH;
    const text = isPath ? bytesToName(bytes.subarray(Math.max(start, end - PATH_LIMIT), end)) : '';
    start = end + 1;
    const directory = /(?:\/[\w.+-]+)+\/$/.exec(text)?.[0];
    const isLibrary = directory?.includes('/lib') === true;
    if (isLibrary && (row.length === 0 || directory === text)) row.push(directory);
    else if (row.length > 1) break;
    else row = isLibrary ? [directory] : [];
  }
  return row.length > 1 ? row : GLIBC_DIRECTORIES;
}

/**
 * Maps a whole file with mmap(2) and uses all of it; without an MMU, reads it with read(2).
 * Undefined if that fails. Compare glibc's elf/dl-misc.c:_dl_sysdep_read_whole_file().
 */
function readWholeFile(
  process: Process,
  path: string,
): { readonly bytes: Uint8Array; readonly unmap: () => void } | undefined {
  if (!process.build.mmu) {
    const bytes = readFile(process, path);
    return bytes && { bytes, unmap: () => undefined };
  }
  try {
    const file = process.open(path);
    try {
      const bytes = new Uint8Array(file.inode.size);
      const start = process.mmap(bytes.length, PROT_READ, MAP_PRIVATE, { file });
      const { loaded } = process.loadRange(start, bytes);
      const unmap = (): void => {
        process.munmap(start, bytes.length);
      };
      return { bytes: bytes.subarray(0, loaded), unmap };
    } finally {
      process.close(file);
    }
  } catch (error) {
    if (isSyscallError(error)) return undefined;
    throw error;
  }
}

/** A whole file, through the page cache; undefined if it cannot be read. */
function readFile(process: Process, path: string): Uint8Array | undefined {
  try {
    const file = process.open(path);
    try {
      const bytes = new Uint8Array(file.inode.size);
      return bytes.subarray(0, process.pread(file, 0, bytes));
    } finally {
      process.close(file);
    }
  } catch (error) {
    if (isSyscallError(error)) return undefined;
    throw error;
  }
}
