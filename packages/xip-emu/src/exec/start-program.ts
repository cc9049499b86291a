import { PT_INTERP, parseDynamic } from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import { invariant } from '../errno.js';
import { MmuMemory } from '../mm/mmu-memory.js';
import { NommuMemory } from '../nommu/nommu-memory.js';
import type { Process } from '../process.js';
import type { ExecArguments } from './arguments.js';
import {
  failureText,
  loadLibraries,
  type LinkResult,
  type MissingLibrary,
} from './dynamic-linker/link.js';
import type { MappedRange } from './dynamic-linker/minimal-malloc.js';
import { dynamicLoader, type LoaderName } from './dynamic-linker/loader.js';
import { useMuslHeap } from './dynamic-linker/reclaim-gaps.js';
import { readTlsImage, relocate } from './dynamic-linker/relocate.js';
import { preloadNames, variable } from './dynamic-linker/preload.js';
import { readVdso } from './dynamic-linker/vdso.js';
import { useStack } from './dynamic-linker/stack-depth.js';
import { execElf } from './elf.js';
import {
  memoryReader,
  type ExecutedFile,
  type LoadedObject,
  type MappedFile,
} from './loaded-object.js';
import { execNommu } from './nommu-program.js';
import { touchWritable } from './touch.js';

export interface StartOptions {
  /** Arguments, the program's own name first, and environment; byte strings. */
  readonly argv?: readonly string[] | undefined;
  readonly envp?: readonly string[] | undefined;
  /**
   * Which loader the interpreter behaves like; default `auto`: musl's if its name says so, else
   * glibc's.
   */
  readonly loader?: LoaderName | 'auto' | undefined;
  /** Directories in place of the environment's LD_LIBRARY_PATH; byte strings. */
  readonly libraryPath?: readonly string[] | undefined;
}

/** A program just before its own first instruction, or at the point where it could not go on. */
export interface StartedProgram {
  /** The program, its interpreter, and the libraries in the order of loading. */
  readonly objects: readonly LoadedObject[];
  /** Undefined for programs that need none. */
  readonly loader: LoaderName | undefined;
  /** What glibc's loader has mapped to keep its own data in. */
  readonly loaderMemory: readonly MappedRange[];
  readonly missing: readonly MissingLibrary[];
  /** What killed it while it was relocated. */
  readonly killed: string | undefined;
}

/**
 * Starts a program: maps it as the kernel does, and all that it needs as its dynamic loader does,
 * and touches the memory that relocation touches. No code is run; in place of the loader's own
 * work, all of its writable memory is written to.
 *
 * @param process one that has no memory of its own yet.
 * @param path absolute, a byte string.
 * @throws SyscallError, the errno of execve().
 */
export function startProgram(
  process: Process,
  path: string,
  options: StartOptions = {},
): StartedProgram {
  const { argv = [path], envp = [], loader: wanted = 'auto' } = options;
  const { libraryPath = [] } = options;
  const directories =
    libraryPath.length > 0 ? libraryPath : pathList(variable(envp, 'LD_LIBRARY_PATH'));
  const mapped = execProgram(process, path, { argv, envp });
  const program = loadedObject(process, 'program', mapped.name, mapped.mapped);
  if (mapped.interpreter === undefined) {
    const killed = attempt(() => {
      relocate(process, program, undefined);
    });
    return { objects: [program], loader: undefined, loaderMemory: [], missing: [], killed };
  }

  const name = interpreterName(process, program) ?? mapped.interpreter.path;
  const interpreter = loadedObject(process, 'interpreter', name, mapped.interpreter);
  const loader = dynamicLoader(wanted, interpreter);
  let linked: LinkResult = { libraries: [], missing: [], loaderMemory: [] };
  const killedEarly = attempt(() => {
    linked = loadLibraries(process, loader, program, interpreter, {
      libraryPath: directories,
      envp,
    });
  });
  const { libraries, missing, loaderMemory } = linked;
  const objects = [program, interpreter, ...libraries];
  const killed = attempt(() => {
    readVdso(process);
    useStack(process, loader.stackDepth, interpreter, {
      count: libraries.length,
      preloads: preloadNames(envp).length > 0,
    });
    touchWritable(process, interpreter);
    if (loader.reclaimsGaps) useMuslHeap(process, objects);
    for (const object of objects.toReversed()) {
      if (object === interpreter && loader.relocatesItselfIfNeeded && !isNeeded(objects, object)) {
        continue;
      }
      relocate(process, object, loader, [...libraries, interpreter]);
    }
    for (const object of objects) readTlsImage(process, object);
  });
  return {
    objects,
    loader: loader.name,
    loaderMemory,
    missing,
    killed: killedEarly ?? killed,
  };
}

/**
 * execve(2): replaces the memory of a process by a program, whose first instruction is next, or its
 * interpreter's if it has one.
 *
 * @param path a byte string.
 * @throws SyscallError, the errno; ExecKilled if it kills the process.
 */
export function execProgram(process: Process, path: string, args: ExecArguments): ExecutedFile {
  const { mm } = process;
  if (mm instanceof MmuMemory) return execElf(process, mm, path, args);
  invariant(mm instanceof NommuMemory, 'memory of an unknown kind');
  return execNommu(process, mm, path, args);
}

/** Directories in an environment variable. */
function pathList(value: string | undefined): string[] {
  return value?.split(/[:;]/).filter((directory) => directory !== '') ?? [];
}

/** Whether an object names the loader in DT_NEEDED: glibc's elf/rtld.c, rtld_multiple_ref. */
function isNeeded(objects: readonly LoadedObject[], { name, dynamic }: LoadedObject): boolean {
  const own = [dynamic?.soname, name.slice(name.lastIndexOf('/') + 1)];
  return objects.some((object) => object.dynamic?.needed.some((needed) => own.includes(needed)));
}

function loadedObject(
  process: Process,
  role: LoadedObject['role'],
  name: string,
  mapped: MappedFile,
): LoadedObject {
  const { elf, segments } = mapped;
  const dynamic = elf && parseDynamic(elf, memoryReader(process, segments));
  return { ...mapped, role, name, dynamic, neededBy: undefined };
}

/** Reads the name of the interpreter as the program has it in memory. */
function interpreterName(process: Process, { elf, segments }: LoadedObject): string | undefined {
  const segment = elf?.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return undefined;
  const bytes = memoryReader(process, segments)(segment.vaddr, segment.filesz);
  return bytes && bytesToName(bytes.subarray(0, bytes.indexOf(0)));
}

/** Runs what may kill the program. @returns what did. */
function attempt(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return failureText(error);
  }
}
