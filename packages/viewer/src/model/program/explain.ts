import { nameToText, textToName } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import {
  areasIn,
  explainProgram,
  failureText,
  mountRoot,
  pagesIn,
  programArchitecture,
  romMachine,
  startProgram,
  type ArchitectureName,
  type ExplainedObject,
  type KernelBuild,
  type LoadedObject,
  type LoaderName,
  type MemoryPage,
  type PolicyName,
  type ProgramQuestion,
  type RamPages,
} from 'xip-emu';
import type { Kernel } from '../kernel.js';

/** A program to start. */
export interface ProgramRequest {
  readonly kernel: Kernel;
  /** Byte string. */
  readonly path: string;
  /** Arguments after its name, as `cramfs exec` takes them. */
  readonly args: readonly string[];
  /** Undefined: that of the program. */
  readonly arch: ArchitectureName | undefined;
  readonly policy: PolicyName;
  readonly loader: LoaderName | 'auto';
  /** LD_LIBRARY_PATH, with colons. */
  readonly libraryPath: string;
}

/** Consecutive pages with the same backing. */
export interface PageRun {
  readonly backing: MemoryPage['backing'];
  readonly pages: number;
}

/** An area of the started program, and the backing of its pages. Addresses are bytes. */
export interface ProgramArea {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  readonly offset: number;
  /** Printable; empty for anonymous memory. */
  readonly name: string;
  readonly vmFlags: string | undefined;
  /** Index of the object that it belongs to; undefined for stack, heap and the like. */
  readonly object: number | undefined;
  readonly runs: readonly PageRun[];
}

export interface ProgramSegment {
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly filesz: number;
  readonly memsz: number;
  readonly writable: boolean;
  readonly pages: number;
  readonly romPages: number;
  /** Why it is not all in place; undefined if it is, or cannot be. */
  readonly reason: string | undefined;
}

export interface ProgramObject {
  /** Byte string, and as people read it. */
  readonly path: string;
  readonly text: string;
  readonly role: LoadedObject['role'];
  /** Printable path of the object that asked for it first. */
  readonly neededBy: string | undefined;
  readonly romPages: number;
  readonly atStart: RamPages;
  readonly atMost: RamPages;
  readonly segments: readonly ProgramSegment[];
}

/** A program in memory, and its cost. Pages have `pageSize` bytes. */
export interface ExplainedProgram {
  readonly pageSize: number;
  readonly arch: ArchitectureName;
  /** True if a kernel of that architecture was recorded, so its addresses are known to be right. */
  readonly recorded: boolean;
  readonly pointerSize: number;
  /** Why it does not start, or stops; one line each. Printable. */
  readonly problems: readonly string[];
  /** The same as a command line. */
  readonly command: string;
  readonly loader: LoaderName | undefined;
  readonly objects: readonly ProgramObject[];
  readonly areas: readonly ProgramArea[];
  /** Undefined if it does not start. */
  readonly total: ProgramTotal | undefined;
}

export interface ProgramTotal {
  readonly romPages: number;
  readonly atStart: RamPages;
  readonly atMost: RamPages;
  readonly loaderMemory: { readonly atStart: number; readonly atMost: number };
  readonly stackPages: number;
  readonly otherCache: number;
  readonly pageTablePages: number;
}

/** Starts a program of the image in the emulator. @throws SyscallError if Linux does not mount the image. */
export function explainedProgram(image: CramfsImage, request: ProgramRequest): ExplainedProgram {
  const { path, args, policy, loader, libraryPath, kernel } = request;
  const arch = programArchitecture(image, path, request);
  const question: ProgramQuestion & { readonly arch: ArchitectureName } = {
    ...kernel,
    path,
    argv: [path, ...args.map(textToName)],
    arch,
    policy,
    loader,
    libraryPath: libraryPath === '' ? [] : textToName(libraryPath).split(':'),
  };
  const machine = romMachine(image, question);
  mountRoot(machine, image, kernel.physAddr);
  const { build, cost, objects, failure } = explainProgram(machine, image, question);
  const started = cost?.started;
  const problems = [
    ...(failure === undefined ? [] : [failureText(failure)]),
    ...(started?.missing ?? []).map(
      ({ name, neededBy, reason }) => `${name}, needed by ${neededBy.path}: ${reason}`,
    ),
    ...(started?.killed === undefined ? [] : [started.killed]),
  ].map(nameToText);
  return {
    pageSize: image.blockSize,
    ...kernelOf(build),
    problems,
    command: commandOf(request),
    loader: started?.loader,
    objects: objects.map(programObject),
    areas: cost === undefined ? [] : areasOf(image, question, objects),
    total: cost && {
      romPages: cost.romPages,
      atStart: cost.atStart,
      atMost: cost.atMost,
      loaderMemory: cost.loaderMemory,
      stackPages: cost.stack.private,
      otherCache: cost.otherCache,
      pageTablePages: cost.pageTablePages,
    },
  };
}

function kernelOf({
  arch,
  recorded,
}: KernelBuild): Pick<ExplainedProgram, 'arch' | 'recorded' | 'pointerSize'> {
  return { arch: arch.name, recorded, pointerSize: arch.pointerSize };
}

function programObject({
  object,
  segments,
  reasons,
  romPages,
  atStart,
  atMost,
}: ExplainedObject): ProgramObject {
  const { path, role, neededBy } = object;
  return {
    path,
    text: nameToText(path),
    role,
    neededBy: neededBy && nameToText(neededBy.path),
    romPages,
    atStart,
    atMost,
    segments: segments.map((segment, index) => {
      const { flags, address, offset, filesz, memsz, writable, pages, romPages: rom } = segment;
      return {
        flags,
        address,
        offset,
        filesz,
        memsz,
        writable,
        pages,
        romPages: rom,
        reason: reasons[index],
      };
    }),
  };
}

/**
 * The areas at the start, with the backing of each page. Uses a machine of its own, because counting the cost
 * ends the program.
 */
function areasOf(
  image: CramfsImage,
  question: ProgramQuestion,
  objects: readonly ExplainedObject[],
): ProgramArea[] {
  const machine = romMachine(image, question);
  mountRoot(machine, image, question.physAddr);
  const paths = objects.map(({ object }) => object.path);
  try {
    const process = machine.spawn();
    startProgram(process, question.path, question);
    return areasIn(process.mm, 0, Infinity).map(
      ({ start, end, permissions, offset, path, vmFlags, line }) => {
        const name = path ?? /\[\w+\]$/.exec(line)?.[0] ?? '';
        const object = objectOf(objects, paths, { start, end, path });
        const runs = runsOf(pagesIn(process.mm, start, end - start));
        return { start, end, permissions, offset, name: nameToText(name), vmFlags, object, runs };
      },
    );
  } finally {
    machine.halt();
  }
}

/** Zeros after an object's data have no file: they belong to the segment at their address. */
function objectOf(
  objects: readonly ExplainedObject[],
  paths: readonly string[],
  {
    start,
    end,
    path,
  }: { readonly start: number; readonly end: number; readonly path: string | undefined },
): number | undefined {
  const byPath = path === undefined ? -1 : paths.indexOf(path);
  if (byPath >= 0) return byPath;
  const at = objects.findIndex(({ object }) =>
    object.segments.some(({ address, memsz }) => address < end && start < address + memsz),
  );
  return at < 0 ? undefined : at;
}

function runsOf(pages: readonly MemoryPage[]): PageRun[] {
  const runs: { backing: MemoryPage['backing']; pages: number }[] = [];
  for (const { backing } of pages) {
    const last = runs.at(-1);
    if (last?.backing === backing) last.pages += 1;
    else runs.push({ backing, pages: 1 });
  }
  return runs;
}

function commandOf({
  kernel,
  path,
  args,
  arch,
  policy,
  loader,
  libraryPath,
}: ProgramRequest): string {
  return [
    'cramfs exec IMAGE',
    ...(kernel.mmu ? [] : ['--nommu']),
    ...(kernel.physAddr === 0x22000000 ? [] : [`--phys 0x${kernel.physAddr.toString(16)}`]),
    ...(arch === undefined ? [] : [`--arch ${arch}`]),
    ...(policy === 'linux-6.12' ? [] : [`--policy ${policy}`]),
    ...(loader === 'auto' ? [] : [`--loader ${loader}`]),
    ...(libraryPath === '' ? [] : [`--library-path ${shellWord(libraryPath)}`]),
    shellWord(nameToText(path)),
    ...args.map(shellWord),
  ].join(' ');
}

/** Quotes a word for a POSIX shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
