import { DF_1_NODEFLIB } from 'cramfs-elf';
import type { LoadedObject } from '../loaded-object.js';
import type { LdSoCache } from './ld-so-cache.js';

/** Where a loader looks besides what the objects say. Directories are byte strings. */
export interface SearchPlaces {
  /** LD_LIBRARY_PATH. */
  readonly libraryPath: readonly string[];
  /** ld.so.cache, opened when a name is first looked up in it. */
  readonly cache: () => LdSoCache | undefined;
  /** Directories compiled into the loader, or named in its configuration. */
  readonly systemDirectories: readonly string[];
}

/**
 * The paths at which a loader looks for a library without a slash in its name, in order.
 *
 * @param requester the object that needs it.
 */
export type SearchPaths = (
  name: string,
  requester: LoadedObject,
  places: SearchPlaces,
) => Iterable<string>;

/**
 * DT_RPATH of the object and of those that brought it in, unless it has DT_RUNPATH; then
 * LD_LIBRARY_PATH, DT_RUNPATH, ld.so.cache, the default directories. Subdirectories for certain
 * processors (glibc-hwcaps) are left out. Compare glibc's elf/dl-load.c:_dl_map_object().
 */
export const searchAsGlibc: SearchPaths = function* (name, requester, places) {
  const { runpath, flags1 = 0 } = requester.dynamic ?? {};
  if (runpath === undefined) {
    for (const object of requesters(requester)) {
      if (object.dynamic?.runpath !== undefined) continue;
      yield* inDirectories(pathDirectories(object.dynamic?.rpath, object), name);
    }
  }
  yield* inDirectories(places.libraryPath, name);
  yield* inDirectories(pathDirectories(runpath, requester), name);
  if ((flags1 & DF_1_NODEFLIB) !== 0) return;
  yield* places.cache()?.get(name) ?? [];
  yield* inDirectories(places.systemDirectories, name);
};

/**
 * LD_LIBRARY_PATH; DT_RUNPATH, or else DT_RPATH, of the object and of those that brought it in; the
 * system's directories. Compare musl's ldso/dynlink.c:load_library().
 */
export const searchAsMusl: SearchPaths = function* (name, requester, places) {
  yield* inDirectories(places.libraryPath, name);
  for (const object of requesters(requester)) {
    const path = object.dynamic?.runpath ?? object.dynamic?.rpath;
    yield* inDirectories(pathDirectories(path, object), name);
  }
  yield* inDirectories(places.systemDirectories, name);
};

function* inDirectories(directories: Iterable<string>, name: string): Generator<string> {
  for (const directory of directories) yield join(directory, name);
}

/** An object, the one that needed it, and so on up to the program. */
function* requesters(object: LoadedObject): Generator<LoadedObject> {
  for (let at: LoadedObject | undefined = object; at !== undefined; at = at.neededBy) yield at;
}

/**
 * Directories of a DT_RPATH or DT_RUNPATH, one after the other: there can be thousands. Those that
 * depend on the processor are left out.
 */
function* pathDirectories(path: string | undefined, object: LoadedObject): Generator<string> {
  if (path === undefined || path === '') return;
  for (let start = 0; start <= path.length;) {
    const colon = path.indexOf(':', start);
    const end = colon < 0 ? path.length : colon;
    const directory = expandOrigin(path.slice(start, end), object);
    if (!directory.includes('$')) yield directory;
    start = end + 1;
  }
}

/** $ORIGIN is the directory of the object, of the program with all its symlinks resolved. */
export function expandOrigin(text: string, { role, path, name }: LoadedObject): string {
  const own = role === 'program' ? path : name;
  return text.replace(/\$(?:ORIGIN\b|\{ORIGIN\})/g, () => own.slice(0, own.lastIndexOf('/')));
}

/** A relative directory counts from the root, where a process starts. */
function join(directory: string, name: string): string {
  const absolute = directory.startsWith('/') ? directory : `/${directory}`;
  return absolute.endsWith('/') ? `${absolute}${name}` : `${absolute}/${name}`;
}
