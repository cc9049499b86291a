import { nameToText } from 'cramfs-format';
import {
  accountMachine,
  areasIn,
  ramFrames,
  type AreaReport,
  type Machine,
  type RamFrame,
  type ScenarioAgent,
  type SmapsCounts,
} from 'xip-emu';
import type { LabEntry } from './entry.js';
import { pictureOf, type LabPicture } from './picture.js';
import type { LabSession } from './session.js';

/** An area of the process, as /proc/PID/maps and smaps show it. */
export interface LabArea {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  readonly offset: number;
  /** Printable; empty for anonymous memory. */
  readonly name: string;
  /** VmFlags of smaps; undefined without an MMU. */
  readonly vmFlags: string | undefined;
  readonly counts: SmapsCounts | undefined;
  /** IDs of scenarios whose addresses begin in it. */
  readonly ids: readonly string[];
}

/** The mapping that an ID of a scenario names. */
export interface LabMapping {
  readonly id: string;
  readonly address: number;
  /** Bytes. */
  readonly length: number;
  /** True if nothing is mapped at its addresses any more. */
  readonly gone: boolean;
}

export interface LabFile {
  readonly fd: number;
  /** Printable. */
  readonly path: string;
  readonly size: number;
  readonly position: number;
}

/** The uses of the machine's memory, in bytes. */
export interface LabTotals {
  readonly ramBytes: number;
  readonly cacheBytes: number;
  readonly anonymousBytes: number;
  readonly romBytes: number;
  readonly savedBytes: number;
  readonly pageTables: number;
}

/** The state of a session after its last step: plain data. */
export interface LabState {
  readonly log: readonly LabEntry[];
  /** False until something is mounted. */
  readonly mounted: boolean;
  /** The kernel has corrupted itself. */
  readonly over: boolean;
  readonly pageSize: number;
  readonly mmu: boolean;
  /** Numbers of the processes that exist. */
  readonly processes: readonly number[];
  /** The process that performs the next step. */
  readonly current: number;
  readonly files: readonly LabFile[];
  readonly mappings: readonly LabMapping[];
  readonly areas: readonly LabArea[];
  /** The mapping that is shown; undefined if there is none. */
  readonly picture: LabPicture | undefined;
  readonly totals: LabTotals;
}

/** Which part of the state is shown. */
export interface LabFocus {
  /** Default: the mapping that was made last. */
  readonly id?: string | undefined;
  /** Page of the mapping that is shown first. */
  readonly page?: number | undefined;
}

const NO_TOTALS: LabTotals = {
  ramBytes: 0,
  cacheBytes: 0,
  anonymousBytes: 0,
  romBytes: 0,
  savedBytes: 0,
  pageTables: 0,
};

/** The state of a session. Takes a walk over the machine's memory. */
export function labState(session: LabSession, focus: LabFocus = {}): LabState {
  const { machine, agent, entries: log, over, options } = session;
  const common = { log: [...log], over, pageSize: options.pageSize, mmu: options.mmu };
  if (machine === undefined || agent === undefined || over) {
    return {
      ...common,
      mounted: machine !== undefined,
      processes: [],
      current: 0,
      files: [],
      mappings: [],
      areas: [],
      picture: undefined,
      totals: NO_TOTALS,
    };
  }
  const areas = areasIn(agent.process.mm, 0, Infinity);
  const mappings = mappingsOf(agent, areas);
  const shown =
    mappings.find(({ id }) => id === focus.id) ?? mappings.findLast(({ gone }) => !gone);
  const frames = ramFrames(machine);
  return {
    ...common,
    mounted: true,
    processes: session.processes.map(({ number }) => number),
    current: agent.number,
    files: filesOf(agent),
    mappings,
    areas: areas.map((area) => labArea(area, mappings)),
    picture:
      shown &&
      pictureOf({
        machine,
        process: agent.process,
        mapping: shown,
        frames,
        first: focus.page ?? 0,
      }),
    totals: totalsOf(machine, frames),
  };
}

function mappingsOf({ mappings }: ScenarioAgent, areas: readonly AreaReport[]): LabMapping[] {
  return [...mappings.values()].map(({ id, address, length }) => ({
    id,
    address,
    length,
    gone: !areas.some(({ start, end }) => start < address + length && address < end),
  }));
}

function filesOf({ files }: ScenarioAgent): LabFile[] {
  return [...files].map(([fd, file]) => ({
    fd,
    path: nameToText(file.path),
    size: file.inode.size,
    position: file.position,
  }));
}

function labArea(area: AreaReport, mappings: readonly LabMapping[]): LabArea {
  const { start, end, permissions, offset, vmFlags, counts, line } = area;
  return {
    start,
    end,
    permissions,
    offset,
    name: nameToText(nameIn(line)),
    vmFlags,
    counts,
    ids: mappings
      .filter(({ address, gone }) => !gone && address >= start && address < end)
      .map(({ id }) => id),
  };
}

/** The text after the five columns of a line of maps. */
function nameIn(line: string): string {
  return /^(?:\S+ +){5}(.*)$/s.exec(line)?.[1] ?? '';
}

function totalsOf(machine: Machine, frames: readonly RamFrame[]): LabTotals {
  const { savedBytes, romPages, processes } = accountMachine(machine);
  const { pageSize } = machine;
  const cached = frames.filter(({ holds }) => holds === 'page-cache').length;
  return {
    ramBytes: frames.length * pageSize,
    cacheBytes: cached * pageSize,
    anonymousBytes: (frames.length - cached) * pageSize,
    romBytes: romPages * pageSize,
    savedBytes,
    pageTables: processes.reduce((sum, { pageTablePages }) => sum + pageTablePages, 0),
  };
}
