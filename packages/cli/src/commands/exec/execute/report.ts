import { PT_LOAD, isElf, parseElf, type ElfSegment } from 'cramfs-elf';
import { isCramfsError, nameToText } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import {
  FETCHED,
  IN_RAM,
  IN_ROM,
  READ,
  WRITTEN,
  type AnonymousUse,
  type FaultLog,
  type LoggedFault,
  type RunEnd,
  type Sample,
  type Timeline,
} from 'xip-cpu/linux';
import type { Execution } from './machine.js';

/** Pages of a part of a file that were used. */
export interface PartUse {
  /** Permissions of the segment as `ls` would show them; undefined outside segments. */
  readonly segment: ElfSegment | undefined;
  /** Pages that the file has there. */
  readonly pages: number;
  readonly fetched: number;
  readonly read: number;
  readonly written: number;
  /** Used in place. */
  readonly inRom: number;
  /** Used in RAM, and never written to: pages that are not in place. */
  readonly notInPlace: number;
}

/** The pages of a file used through maps of it. */
export interface FileReport {
  /** Absolute, a byte string. */
  readonly path: string;
  readonly parts: readonly PartUse[];
  /** Bits by page of the file: see xip-cpu. */
  readonly pages: ReadonlyMap<number, number>;
}

/** What `cramfs exec --run` reports about a run. */
export interface RunReport {
  readonly path: string;
  readonly argv: readonly string[];
  readonly imageOffset: number;
  readonly pageSize: number;
  readonly faultAround: number;
  readonly end:
    RunEnd | { readonly kind: 'deadlock'; readonly waits: readonly string[] } | Diagnosis;
  readonly instructions: number;
  /** Virtual time in seconds. */
  readonly seconds: number;
  readonly files: readonly FileReport[];
  readonly anonymous: readonly AnonymousUse[];
  readonly romPages: number;
  readonly mostRamPages: number;
  readonly timeline: readonly Sample[];
  readonly faultCount: number;
  readonly faults: readonly LoggedFault[];
  /** What programs requested and did not get. */
  readonly problems: readonly string[];
}

/** The program did something that is not emulated, or that breaks the kernel. */
export interface Diagnosis {
  readonly kind: 'diagnosis';
  readonly message: string;
  /** The name of the program, a byte string, and the address of its instruction. */
  readonly program: string;
  readonly pc: number;
}

export interface RunFacts {
  readonly path: string;
  readonly argv: readonly string[];
  readonly offset: number;
  readonly end: RunReport['end'];
  readonly timeline: Timeline;
  readonly log: FaultLog;
  readonly problems: ReadonlyMap<string, number>;
}

/** Gathers the report of a run. */
export function reportOf(image: CramfsImage, execution: Execution, facts: RunFacts): RunReport {
  const { machine, board, use } = execution;
  const { timeline, log, problems, offset, path, argv, end } = facts;
  const last = sampleOf(execution);
  return {
    ...{ path, argv, end, imageOffset: offset },
    pageSize: machine.pageSize,
    faultAround: machine.faultAroundPages * machine.pageSize,
    instructions: board.processor.executed,
    seconds: board.clock.now / 1e9,
    files: use.fileUses().map((file) => ({
      path: file.path,
      parts: partsOf(image, file.path, file.pages, machine.pageSize),
      pages: file.pages,
    })),
    anonymous: use.anonymousUses(),
    romPages: use.romPages,
    timeline: timeline.finish(last),
    mostRamPages: machine.phys.mostUsed,
    faultCount: log.count,
    faults: log.faults,
    problems: [...problems].map(([text, count]) =>
      count === 1 ? text : `${text} (${count} times)`,
    ),
  };
}

/** Memory at this moment of a run. */
export function sampleOf({ machine, board, use }: Execution): Sample {
  return {
    instructions: board.processor.executed,
    ramPages: machine.phys.used,
    romPages: use.romPages,
    processes: machine.processes.size,
  };
}

/** The use of a file by its segments, or as one part if it is not a program. */
function partsOf(
  image: CramfsImage,
  path: string,
  pages: ReadonlyMap<number, number>,
  pageSize: number,
): PartUse[] {
  const segments = loadSegments(image, path);
  const groups = new Map<ElfSegment | undefined, number[]>();
  for (const [page, bits] of pages) {
    const segment = segments.find(
      ({ offset, filesz }) => page * pageSize < offset + filesz && (page + 1) * pageSize > offset,
    );
    const group = groups.get(segment);
    if (group === undefined) groups.set(segment, [bits]);
    else group.push(bits);
  }
  return [...groups].map(([segment, bits]) => {
    const count = (isMeant: (bits: number) => boolean): number => bits.filter(isMeant).length;
    return {
      segment,
      pages: segment === undefined ? bits.length : pagesOf(segment, pageSize),
      fetched: count((each) => (each & FETCHED) !== 0),
      read: count((each) => (each & READ) !== 0),
      written: count((each) => (each & WRITTEN) !== 0),
      inRom: count((each) => (each & IN_ROM) !== 0),
      notInPlace: count((each) => (each & (IN_RAM | WRITTEN | IN_ROM)) === IN_RAM),
    };
  });
}

function pagesOf({ offset, filesz }: ElfSegment, pageSize: number): number {
  return Math.ceil((offset + filesz) / pageSize) - Math.floor(offset / pageSize);
}

/** The segments of a program of the image; none for other files, or for one in a tmpfs. */
function loadSegments(image: CramfsImage, path: string): readonly ElfSegment[] {
  try {
    const inode = image.lookup(path);
    if (inode.type !== 'file') return [];
    const bytes = image.readFile(inode);
    return isElf(bytes)
      ? (parseElf(bytes)?.segments.filter(({ type }) => type === PT_LOAD) ?? [])
      : [];
  } catch (error) {
    if (isCramfsError(error)) return [];
    throw error;
  }
}

/** How a run ended, as a sentence. */
export function endText(end: RunReport['end'], name: (signal: number) => string): string {
  switch (end.kind) {
    case 'exited':
      return `exited with status ${end.status}`;
    case 'killed':
      return `killed by ${name(end.signal)}`;
    case 'limit':
      return 'stopped at --limit';
    case 'input':
      return 'waits for input';
    case 'deadlock':
      return `deadlock: nothing will wake the processes: ${end.waits.map(nameToText).join('; ')}`;
    case 'diagnosis':
      return `stopped in ${nameToText(end.program)} at 0x${end.pc.toString(16)}: ${end.message}`;
  }
}
