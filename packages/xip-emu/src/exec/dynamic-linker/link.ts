import { parseDynamic, type ElfFile } from 'cramfs-elf';
import { AccessFault, UnmodelledError, isSyscallError } from '../../errno.js';
import { NommuMemory } from '../../nommu/nommu-memory.js';
import type { Process } from '../../process.js';
import type { OpenFile } from '../../vfs/file.js';
import type { Inode } from '../../vfs/inode.js';
import { memoryReader, type LoadedObject } from '../loaded-object.js';
import { readElfHeaders, readProgram } from '../open-exec.js';
import type { LdSoCache } from './ld-so-cache.js';
import type { DynamicLoader, OpenedCache } from './loader.js';
import { LoaderError } from './loader-error.js';
import { makeStackExecutable, needsExecutableStack } from './executable-stack.js';
import { mapWithoutMmu } from './map-library.js';
import type { MappedRange } from './minimal-malloc.js';
import { RtldData } from './rtld-data.js';
import { expandOrigin, type SearchPlaces } from './search.js';

/** The most library names, and paths tried for them: real programs have a few thousand. */
const MAX_STEPS = 100_000;

/** A library that could not be loaded: the program does not start. */
export interface MissingLibrary {
  /** The name in DT_NEEDED; a byte string. */
  readonly name: string;
  readonly neededBy: LoadedObject;
  readonly reason: string;
}

export interface LinkOptions {
  /** LD_LIBRARY_PATH: directories, byte strings. */
  readonly libraryPath: readonly string[];
  /** Byte strings. */
  readonly envp: readonly string[];
}

export interface LinkResult {
  /** The objects in the order of loading, which is breadth first. */
  readonly libraries: readonly LoadedObject[];
  readonly missing: readonly MissingLibrary[];
  /** What the loader has mapped for itself. */
  readonly loaderMemory: readonly MappedRange[];
}

/**
 * Loads what a program needs, and what that needs, breadth first. A loader stops where something is
 * missing; this one goes on, to find all that is missing. Compare glibc's
 * elf/dl-deps.c:_dl_map_object_deps(), musl's ldso/dynlink.c:load_deps().
 */
export function loadLibraries(
  process: Process,
  loader: DynamicLoader,
  program: LoadedObject,
  interpreter: LoadedObject,
  { libraryPath, envp }: LinkOptions,
): LinkResult {
  const systemDirectories = loader.systemDirectories(process, interpreter);
  const isOwnMemory = loader.hasOwnMemory && process.build.mmu;
  const data = isOwnMemory ? new RtldData(process, interpreter) : undefined;
  data?.start(systemDirectories.length, program);
  let cache: OpenedCache | undefined;
  let isCacheOpened = false;
  const openCache = (): LdSoCache | undefined => {
    if (!isCacheOpened) cache = loader.openCache(process, program);
    isCacheOpened = true;
    return cache?.entries;
  };
  const places: SearchPlaces = { libraryPath, cache: openCache, systemDirectories };
  const loaded: LoadedObject[] = [program];
  let steps = 0;
  const step = (): void => {
    steps += 1;
    if (steps > MAX_STEPS) {
      throw new UnmodelledError(
        `a program that looks for its libraries in more than ${MAX_STEPS} places`,
      );
    }
  };
  const known = new KnownObjects([program, interpreter]);
  const linking: Linking = { process, loader, places, known, data, step };
  let isStackExecutable = program.elf !== undefined && needsExecutableStack(program.elf);
  const load = (name: string, requester: LoadedObject): void => {
    step();
    if (loader.isItself(name) || known.hasName(name)) return;
    const library = loadLibrary(linking, name, requester);
    if (library === undefined) return;
    if (loader.obeysStackHeaders && !isStackExecutable && needsExecutableStack(library.elf!)) {
      makeStackExecutable(process);
      isStackExecutable = true;
    }
    loaded.push(library);
    known.add(library);
  };
  for (const name of loader.preloaded(process, envp)) {
    try {
      load(name, program);
    } catch (error) {
      // Loaders continue without it.
      failureText(error);
    }
  }
  const missing: MissingLibrary[] = [];
  const failed = new Set<string>();
  for (const requester of loaded) {
    for (const name of requester.dynamic?.needed ?? []) {
      if (failed.has(name)) continue;
      try {
        load(name, requester);
      } catch (error) {
        failed.add(name);
        missing.push({ name, neededBy: requester, reason: failureText(error) });
      }
    }
  }
  data?.linked([program, interpreter, ...loaded.slice(1)]);
  cache?.unload();
  return { libraries: loaded.slice(1), missing, loaderMemory: data?.mapped ?? [] };
}

/** Why something could not be loaded, in one line. @throws errors that have nothing to do with loading. */
export function failureText(error: unknown): string {
  if (error instanceof LoaderError || error instanceof AccessFault) return error.message;
  if (isSyscallError(error)) return error.message;
  throw error;
}

/**
 * The objects loaded so far: a program can have thousands of libraries, each with as many of its
 * own.
 */
class KnownObjects {
  private readonly names = new Set<string>();
  private readonly inodes = new Set<Inode>();

  constructor(objects: readonly LoadedObject[]) {
    for (const object of objects) this.add(object);
  }

  add({ role, name, inode, dynamic }: LoadedObject): void {
    if (dynamic?.soname !== undefined) this.names.add(dynamic.soname);
    if (role !== 'program') this.names.add(name.slice(name.lastIndexOf('/') + 1));
    this.inodes.add(inode);
  }

  /** Whether an object has this name: the last part of its path, or what it calls itself. */
  hasName(name: string): boolean {
    return this.names.has(name);
  }

  hasInode(inode: Inode): boolean {
    return this.inodes.has(inode);
  }
}

/** What loading a library depends on. */
interface Linking {
  readonly process: Process;
  readonly loader: DynamicLoader;
  readonly places: SearchPlaces;
  readonly known: KnownObjects;
  readonly data: RtldData | undefined;
  /** Called for each name and path that is looked for. */
  readonly step: () => void;
}

/** @returns undefined for a file that is loaded already, under another name. */
function loadLibrary(
  { process, loader, places, known, data, step }: Linking,
  name: string,
  neededBy: LoadedObject,
): LoadedObject | undefined {
  const paths = name.includes('/')
    ? [expandOrigin(name, neededBy)]
    : loader.searchPaths(name, neededBy, places);
  for (const path of paths) {
    step();
    const file = openLibrary(process, path);
    if (file === undefined) continue;
    try {
      if (known.hasInode(file.inode)) return undefined;
      const elf = readElfHeaders(file, readProgram(file, 0, loader.headerBytes));
      if (elf === undefined) throw new LoaderError(`${path}: invalid ELF header`);
      if (isForeign(elf, neededBy.elf)) {
        if (loader.skipsForeign) continue;
        throw new LoaderError(`${path}: for another machine`);
      }
      const { mm } = process;
      data?.library(name, path);
      const segments =
        mm instanceof NommuMemory ? mapWithoutMmu(mm, file, elf) : loader.map(process, file, elf);
      const dynamic = parseDynamic(elf, memoryReader(process, segments));
      const { inode, path: resolved } = file;
      return {
        role: 'library',
        path: resolved,
        name: path,
        inode,
        elf,
        segments,
        dynamic,
        neededBy,
      };
    } finally {
      process.close(file);
    }
  }
  throw new LoaderError('cannot open shared object file: No such file or directory');
}

/** Names that cannot be opened are skipped. */
function openLibrary(process: Process, path: string): OpenFile | undefined {
  try {
    return process.open(path);
  } catch (error) {
    if (isSyscallError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG', 'ELOOP')) {
      return undefined;
    }
    throw error;
  }
}

function isForeign(elf: ElfFile, program: ElfFile | undefined): boolean {
  return (
    elf.machine !== program?.machine ||
    elf.elfClass !== program.elfClass ||
    elf.endianness !== program.endianness
  );
}
