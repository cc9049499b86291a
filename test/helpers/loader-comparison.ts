import { openImage, type CramfsImage } from 'cramfs-reader';
import {
  accountMachine,
  cachedPages,
  mountRoot,
  romMachine,
  startProgram,
  type Machine,
  type MachineAccount,
  type MemoryMap,
  type StartOptions,
} from 'xip-emu';
import { LinearMemory } from 'xip-cpu';
import {
  boardFor,
  bootKernel,
  executionMemory,
  mountSystem,
  FaultLog,
  startFirst,
  type LoggedFault,
  type LinuxKernel,
  type RunEnd,
  type RunnableArchitecture,
} from 'xip-cpu/linux';
import { ROM_ADDRESS } from './kernel-images.js';

/** A program of an image, and how it is started. */
export interface LoaderQuestion extends Pick<StartOptions, 'argv' | 'envp' | 'libraryPath'> {
  readonly arch: RunnableArchitecture;
  readonly image: Uint8Array;
  readonly path: string;
}

/** What the memory of a process and its machine is at a moment. */
export interface MemoryState {
  /** An area's line of maps without addresses, for each page that an area covers. */
  readonly areas: ReadonlyMap<number, string>;
  /** What is behind each page that has something: `rom 0x22012000`, `page-cache`, `anonymous`, `zero`. */
  readonly backing: ReadonlyMap<number, string>;
  /** Pages of files in the page cache: `PATH page`. */
  readonly cached: ReadonlySet<string>;
  readonly account: MachineAccount;
}

/** A difference between two memories, of pages in a row. */
export interface Difference {
  /** What maps calls the place, with the permissions of the run; or `page cache of PATH`. */
  readonly place: string;
  /** Page of the address space, or of the file. */
  readonly first: number;
  readonly pages: number;
  readonly model: string;
  readonly run: string;
}

const NOTHING = '-';
const CACHED = 'cached';
const PAGE = 4096;

function stateOf(machine: Machine, mm: MemoryMap, names: ReadonlyMap<number, string>): MemoryState {
  const areas = new Map<number, string>();
  const backing = new Map<number, string>();
  const { pageSize } = machine;
  for (const { start, end, permissions, file, name } of mm.areas()) {
    for (let at = start; at < end; at += pageSize) {
      areas.set(at, `${permissions} ${file?.path ?? name ?? 'anonymous'}`);
      const page = mm.pageAt(at);
      if (page.backing === 'none') continue;
      const isRom = page.backing === 'rom';
      backing.set(at, isRom ? `rom 0x${page.physical!.toString(16)}` : page.backing);
    }
  }
  const cached = new Set<string>();
  for (const { fs, ino, pages } of cachedPages(machine)) {
    if (fs !== 'cramfs') continue;
    for (const page of pages) cached.add(`${names.get(ino) ?? `inode ${ino}`}\0${page}`);
  }
  return { areas, backing, cached, account: accountMachine(machine) };
}

/** Paths of the files of an image by the numbers of their inodes; the first of equal ones. */
function namesOf(image: CramfsImage): Map<number, string> {
  const machine = romMachine(image, { mmu: true, physAddr: ROM_ADDRESS });
  mountRoot(machine, image, ROM_ADDRESS);
  const names = new Map<number, string>();
  for (const { path, inode } of image.walk(image.root)) {
    if (inode.type !== 'file') continue;
    const { ino } = machine.lookup(path).inode;
    if (!names.has(ino)) names.set(ino, path);
  }
  return names;
}

/** What `cramfs exec` says that the memory is when the program starts. */
export async function modelledState(question: LoaderQuestion): Promise<MemoryState> {
  const image = openImage(question.image);
  const { arch } = question;
  // Its kernel has the same [vdso].
  const board = await boardFor(arch, { linear: new LinearMemory(1 << 27), mmu: true, seed: 0 });
  const { specialPages } = board.machineOptions(image.blockSize);
  const extra = { specialPages };
  const machine = romMachine(image, { mmu: true, arch, physAddr: ROM_ADDRESS, extra });
  mountRoot(machine, image, ROM_ADDRESS);
  const names = namesOf(image);
  const process = machine.spawn();
  const { missing, killed } = startProgram(process, question.path, question);
  if (missing.length > 0 || killed !== undefined) {
    throw new Error(killed ?? `missing: ${missing.map(({ name }) => name).join(' ')}`);
  }
  return stateOf(machine, process.mm, names);
}

export interface ExecutedStates {
  /** When the instruction that was asked for is next. */
  readonly atStart: MemoryState;
  /** When the program has written something for the last time. */
  readonly atWrite: MemoryState | undefined;
  readonly end: RunEnd;
  readonly output: string;
  /** Faults before the start. */
  readonly faults: readonly LoggedFault[];
}

interface Running {
  readonly log: FaultLog;
  readonly kernel: LinuxKernel;
  readonly machine: Machine;
  readonly names: ReadonlyMap<number, string>;
  readonly output: () => string;
}

interface Events {
  readonly called?: (name: string) => void;
  readonly fetched?: (address: number) => void;
}

async function boot(
  { arch, image: bytes, path, argv = [path], envp = [] }: LoaderQuestion,
  { called, fetched }: Events,
): Promise<Running> {
  const image = openImage(bytes);
  const linear = executionMemory(bytes.length);
  const board = await boardFor(arch, { linear, mmu: true, seed: 0 });
  const machine = romMachine(image, {
    ...{ mmu: true, arch, physAddr: ROM_ADDRESS },
    extra: board.machineOptions(image.blockSize),
  });
  mountRoot(machine, image, ROM_ADDRESS);
  const names = namesOf(image);
  let text = '';
  const kernel = bootKernel(board, machine, {
    host: {
      kinds: ['pipe', 'pipe', 'pipe'],
      read: () => 0,
      write: (_stream, written) => {
        text += Buffer.from(written).toString('latin1');
      },
      windowSize: () => ({ rows: 24, columns: 80 }),
    },
    events: { call: (_task, name) => called?.(name) },
    observer: (_mm, address, access) => {
      if (access === 'fetch') fetched?.(address);
    },
  });
  mountSystem(machine, kernel);
  const { processor } = board;
  const log = new FaultLog(() => ({ instruction: processor.executed, pc: processor.pc }));
  machine.trace.sink = log.take;
  startFirst(kernel, { path, argv, envp });
  return { log, kernel, machine, names, output: () => text };
}

/** Instructions. */
const TOO_LONG = 50_000_000;
const TURN = 10_000;

/** Lets the program's own loader run until the instruction at `start` is next, and then the program. */
export async function executedStates(
  question: LoaderQuestion,
  start: number,
): Promise<ExecutedStates> {
  const fetched = await firstFetch(question, start);
  let atWrite: MemoryState | undefined;
  const running = await boot(question, {
    called(name) {
      if (name === 'write') atWrite = look();
    },
  });
  const { kernel, machine, names, log, output } = running;
  const look = (): MemoryState => stateOf(machine, kernel.firstGroup!.process.mm, names);
  kernel.run(fetched.executed);
  for (let pc = fetched.at; pc !== start; pc = kernel.processor.pc) {
    const { kind } = kernel.run(kernel.processor.executed + 1);
    if (kind !== 'limit') throw new Error(`${question.path} ends early: ${output()}`);
  }
  const atStart = look();
  const faults = [...log.faults];
  const end = kernel.run(TOO_LONG);
  return { atStart, atWrite, end, output: output(), faults };
}

interface Fetch {
  readonly at: number;
  /** Instructions before it. */
  readonly executed: number;
}

/** The first fetch from the page of an address. */
async function firstFetch(question: LoaderQuestion, address: number): Promise<Fetch> {
  const fetches: Fetch[] = [];
  const { kernel, machine, output } = await boot(question, {
    fetched(at) {
      const { geometry } = machine;
      if (geometry.pageOf(at) !== geometry.pageOf(address)) return;
      fetches.push({ at, executed: kernel.processor.executed });
    },
  });
  for (let limit = TURN; fetches.length === 0; limit += TURN) {
    const { kind } = kernel.run(limit);
    if (kind !== 'limit') break;
  }
  const [first] = fetches;
  if (first === undefined) throw new Error(`${question.path} ends before its start: ${output()}`);
  return first;
}

/** Page by page: areas, what is behind each page, the page cache. */
export function differences(model: MemoryState, run: MemoryState): Difference[] {
  const found: Difference[] = [];
  const add = (place: string, page: number, ours: string, theirs: string): void => {
    const last = found.at(-1);
    const isNext =
      last?.place === place &&
      last.model === ours &&
      last.run === theirs &&
      last.first + last.pages === page;
    if (isNext) found[found.length - 1] = { ...last, pages: last.pages + 1 };
    else found.push({ place, first: page, pages: 1, model: ours, run: theirs });
  };
  const addresses = [...new Set([...model.areas.keys(), ...run.areas.keys()])].sort(
    (a, b) => a - b,
  );
  for (const at of addresses) {
    const [ours, theirs] = [model.areas.get(at), run.areas.get(at)];
    if (ours !== theirs) add('area', at / PAGE, ours ?? NOTHING, theirs ?? NOTHING);
  }
  for (const at of addresses) {
    if (model.areas.get(at) !== run.areas.get(at)) continue;
    const [ours, theirs] = [model, run].map(({ backing }) => backing.get(at) ?? NOTHING);
    if (ours !== theirs) add(run.areas.get(at) ?? model.areas.get(at)!, at / PAGE, ours!, theirs!);
  }
  const cached = [...new Set([...model.cached, ...run.cached])].sort();
  for (const key of cached) {
    const [ours, theirs] = [model.cached.has(key), run.cached.has(key)];
    const [path, page] = key.split('\0');
    const text = (has: boolean): string => (has ? CACHED : NOTHING);
    if (ours !== theirs) add(`page cache of ${path!}`, Number(page), text(ours), text(theirs));
  }
  return found;
}

/** Why a difference cannot be known without running the program; undefined: the model is wrong. */
export type Cause =
  /** Functions of libraries that run before the program: constructors, resolvers of IFUNC. */
  | 'functions'
  /** Of the loader's own data all pages are counted, and it has not used this one. */
  | 'loader data';

/** Splits differences by their causes, page by page. */
export function causesOf(
  found: readonly Difference[],
  { atStart, faults }: ExecutedStates,
  loader: string,
): Map<Cause | undefined, Difference[]> {
  const own = ownRange(atStart, loader);
  const causes = new Map<Cause | undefined, Difference[]>();
  for (const difference of found) {
    for (let page = difference.first; page < difference.first + difference.pages; page += 1) {
      const start = page * PAGE;
      const last = faults.findLast(({ address }) => address >= start && address < start + PAGE);
      const by = last && atStart.areas.get(last.pc - (last.pc % PAGE));
      const isOwn = start >= own.start && start < own.end && difference.model === 'anonymous';
      const cause =
        by !== undefined && by.includes('/lib') && !by.endsWith(loader)
          ? 'functions'
          : isOwn && difference.run !== 'anonymous'
            ? 'loader data'
            : undefined;
      const list = causes.get(cause) ?? [];
      causes.set(cause, [...list, { ...difference, first: page, pages: 1 }]);
    }
  }
  return causes;
}

/** The addresses of an object, with the zeros that follow its data. */
export function ownRange(
  { areas }: MemoryState,
  path: string,
): { readonly start: number; readonly end: number } {
  const pages = [...areas].filter(([, area]) => area.endsWith(` ${path}`)).map(([at]) => at);
  let end = Math.max(...pages) + PAGE;
  while (areas.get(end)?.endsWith(' anonymous') === true) end += PAGE;
  return { start: Math.min(...pages), end };
}

/** Pages of RAM that the run has more than the model, by the differences. */
export function morePages(found: readonly Difference[]): number {
  const isRam = (state: string): number => (state === 'anonymous' || state === CACHED ? 1 : 0);
  return found.reduce((sum, { pages, model, run }) => sum + pages * (isRam(run) - isRam(model)), 0);
}
