import { parseDynamic, type ElfFile } from 'cramfs-elf';
import { AccessFault, isSyscallError } from '../../errno.js';
import { NommuMm } from '../../nommu/nommu-mm.js';
import type { Process } from '../../process.js';
import type { OpenFile } from '../../vfs/file.js';
import { memoryReader, type LoadedObject } from '../loaded-object.js';
import { readElfHeaders, readProgram } from '../open-exec.js';
import type { DynamicLoader } from './loader.js';
import { LoaderError } from './loader-error.js';
import { mapWithoutMmu } from './map-library.js';
import { expandOrigin, type SearchPlaces } from './search.js';

/** A library that could not be loaded: the program does not start. */
export interface MissingLibrary {
  /** As DT_NEEDED names it; a byte string. */
  readonly name: string;
  readonly neededBy: LoadedObject;
  readonly reason: string;
}

export interface LinkResult {
  /** In the order of loading, which is breadth first. */
  readonly libraries: readonly LoadedObject[];
  readonly missing: readonly MissingLibrary[];
}

/**
 * Loads what a program needs, and what that needs, breadth first. Where something is missing a
 * loader stops; here the rest is loaded, so that all that is missing is known. Compare glibc's
 * elf/dl-deps.c:_dl_map_object_deps(), musl's ldso/dynlink.c:load_deps().
 */
export function loadLibraries(
  process: Process,
  loader: DynamicLoader,
  program: LoadedObject,
  interpreter: LoadedObject,
  libraryPath: readonly string[],
): LinkResult {
  const places: SearchPlaces = {
    libraryPath,
    cache: loader.cache(process, program),
    systemDirectories: loader.systemDirectories(process, interpreter),
  };
  const loaded: LoadedObject[] = [program];
  const known = [program, interpreter];
  const missing: MissingLibrary[] = [];
  const failed = new Set<string>();
  for (const requester of loaded) {
    for (const name of requester.dynamic?.needed ?? []) {
      if (loader.isItself(name) || failed.has(name) || isLoaded(known, name)) continue;
      try {
        const library = loadLibrary(process, loader, name, requester, places, known);
        if (library === undefined) continue;
        loaded.push(library);
        known.push(library);
      } catch (error) {
        failed.add(name);
        missing.push({ name, neededBy: requester, reason: failureText(error) });
      }
    }
  }
  return { libraries: loaded.slice(1), missing };
}

/** What ended the attempt to load something, in one line. @throws what is no failure of loading. */
export function failureText(error: unknown): string {
  if (error instanceof LoaderError || error instanceof AccessFault) return error.message;
  if (isSyscallError(error)) return error.message;
  throw error;
}

/** By the last part of its name, or by what it calls itself. */
function isLoaded(known: readonly LoadedObject[], name: string): boolean {
  return known.some(
    ({ role, name: path, dynamic }) =>
      dynamic?.soname === name ||
      (role !== 'program' && path.slice(path.lastIndexOf('/') + 1) === name),
  );
}

/** @returns undefined for a file that is loaded already, under another name. */
function loadLibrary(
  process: Process,
  loader: DynamicLoader,
  name: string,
  neededBy: LoadedObject,
  places: SearchPlaces,
  known: readonly LoadedObject[],
): LoadedObject | undefined {
  const paths = name.includes('/')
    ? [expandOrigin(name, neededBy)]
    : loader.searchPaths(name, neededBy, places);
  for (const path of paths) {
    const file = openLibrary(process, path);
    if (file === undefined) continue;
    try {
      if (known.some(({ inode }) => inode === file.inode)) return undefined;
      const elf = readElfHeaders(file, readProgram(file, 0, loader.headerBytes));
      if (elf === undefined) throw new LoaderError(`${path}: invalid ELF header`);
      if (isForeign(elf, neededBy.elf)) {
        if (loader.skipsForeign) continue;
        throw new LoaderError(`${path}: for another machine`);
      }
      const { mm } = process;
      const segments =
        mm instanceof NommuMm ? mapWithoutMmu(mm, file, elf) : loader.map(process, file, elf);
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

/** Names under which nothing can be opened are passed over. */
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
