import type { CramfsImage, Inode } from 'cramfs-reader';
import {
  AccessFault,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  UnmodelledError,
  accountMachine,
  areasIn,
  failureOf,
  notDirectReason,
  pagesIn,
  romMachine,
  type ArchitectureName,
  type AreaReport,
  type EmulatorFailure,
  type KernelBuild,
  type KernelConfig,
  type Machine,
  type MachineAccount,
  type MemoryPage,
  type PolicyName,
  type Process,
  type TraceEvent,
} from 'xip-emu';
import { mountRoot } from '../../emulator/rom-machine.js';

/** An access to a page of the mapping. */
export interface Touch {
  readonly page: number;
  readonly write: boolean;
}

/** One mapping, and the accesses to it. */
export interface MmapQuestion {
  /** Absolute in the image; a byte string. */
  readonly path: string;
  /** The regular file that it leads to. */
  readonly inode: Inode;
  /** Bytes; the offset is a whole page. */
  readonly offset: number;
  readonly length: number;
  /** Letters of rwx. */
  readonly prot: string;
  readonly shared: boolean;
  readonly arch: ArchitectureName;
  readonly config: Partial<KernelConfig>;
  readonly mmu: boolean;
  readonly policy: PolicyName;
  readonly physAddr: number;
  readonly touches: readonly Touch[];
}

export interface TouchResult extends Touch {
  /** The byte read; undefined after a store or a signal. */
  readonly value: number | undefined;
  /** Such as SIGBUS, and its si_code. */
  readonly signal: { readonly name: string; readonly code: string } | undefined;
  /** What the emulator does not model, such as the effect of a store to ROM. */
  readonly unknown: string | undefined;
  readonly events: readonly TraceEvent[];
}

export interface MmapExplanation {
  readonly question: MmapQuestion;
  readonly build: KernelBuild;
  readonly address: number | undefined;
  /** Why there is no mapping, or no longer one. */
  readonly failure: EmulatorFailure | undefined;
  /** What the mmap itself did; a copy without MMU reads the file. */
  readonly events: readonly TraceEvent[];
  readonly touches: readonly TouchResult[];
  /** The areas after all touches. */
  readonly areas: readonly AreaReport[];
  readonly pages: readonly MemoryPage[];
  readonly account: MachineAccount;
  /** Why not every page comes from ROM; undefined if every page does. */
  readonly reason: string | undefined;
}

/** Makes one mapping in a fresh machine. @throws InputError, or CramfsError for a damaged image. */
export function explainMmap(image: CramfsImage, question: MmapQuestion): MmapExplanation {
  const machine = romMachine(image, question);
  mountRoot(machine, image, question.physAddr);
  const process = machine.spawn();
  const { length, touches } = question;
  const events: TraceEvent[] = [];
  let address: number | undefined;
  let failure: EmulatorFailure | undefined;
  try {
    address = traced(machine, events, () => mapFile(process, question));
  } catch (error) {
    failure = failureOf(error);
  }
  const at = address;
  // Which pages are direct is decided now, and never again.
  const direct =
    at === undefined
      ? 0
      : pagesIn(process.mm, at, length).filter(({ backing }) => backing === 'rom').length;
  const results =
    at === undefined ? [] : touches.map((touch) => touchPage(machine, process, at, touch));
  const explanation = {
    question,
    build: machine.build,
    address: at,
    failure,
    events,
    touches: results,
    areas: at === undefined ? [] : areasIn(process.mm, at, at + length),
    pages: at === undefined ? [] : pagesIn(process.mm, at, length),
    account: accountMachine(machine),
    reason: failure === undefined ? reasonFor(image, question, direct) : undefined,
  };
  machine.halt();
  return explanation;
}

function mapFile(process: Process, question: MmapQuestion): number {
  const { path, length, prot, shared, offset } = question;
  const file = process.open(path);
  try {
    return process.mmap(length, protBits(prot), shared ? MAP_SHARED : MAP_PRIVATE, {
      file,
      offset,
    });
  } finally {
    process.close(file);
  }
}

function protBits(prot: string): number {
  return (
    PROT_NONE |
    (prot.includes('r') ? PROT_READ : 0) |
    (prot.includes('w') ? PROT_WRITE : 0) |
    (prot.includes('x') ? PROT_EXEC : 0)
  );
}

function touchPage(
  machine: Machine,
  process: Process,
  address: number,
  { page, write }: Touch,
): TouchResult {
  const at = address + page * machine.pageSize;
  const events: TraceEvent[] = [];
  const touch = { page, write, events, value: undefined, signal: undefined, unknown: undefined };
  try {
    return traced(machine, events, () => {
      if (!write) return { ...touch, value: process.load(at) };
      process.store(at, 0);
      return touch;
    });
  } catch (error) {
    if (error instanceof UnmodelledError) return { ...touch, unknown: error.message };
    if (!(error instanceof AccessFault)) throw error;
    return { ...touch, signal: { name: error.signal, code: error.code } };
  }
}

/** Runs `action` with the event log turned on. */
function traced<T>({ trace }: Machine, events: TraceEvent[], action: () => T): T {
  trace.sink = (event) => events.push(event);
  try {
    return action();
  } finally {
    trace.sink = undefined;
  }
}

function reasonFor(image: CramfsImage, question: MmapQuestion, direct: number): string | undefined {
  const { inode, offset, length, prot, shared } = question;
  const { blockSize } = image;
  const pages = Math.ceil(length / blockSize);
  const range = { pgoff: offset / blockSize, pages, writable: !shared && prot.includes('w') };
  return notDirectReason(image, inode, range, direct, question);
}
