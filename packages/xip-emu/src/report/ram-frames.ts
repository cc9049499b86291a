import type { Machine } from '../machine.js';
import { PG_DIRTY } from '../phys/frame-table.js';
import type { Address, Frame, Pgoff } from '../units.js';
import type { AddressSpace } from '../vfs/address-space.js';

/** A page of RAM in use. */
export interface RamFrame {
  /** Physical address of its first byte. */
  readonly physical: Address;
  /** `region`: without an MMU, memory under mappings. */
  readonly holds: 'page-cache' | 'anonymous' | 'region';
  /** The page of a file that it caches; undefined for shared anonymous memory and other RAM. */
  readonly file: FilePage | undefined;
  /** It differs from what it was read from, or was not read from anywhere. */
  readonly dirty: boolean;
  /** Where it is mapped, by processes and their addresses. */
  readonly users: readonly FrameUser[];
}

/** A page of a file. */
export interface FilePage {
  /** Type of the file system, and the number there. */
  readonly fs: string;
  readonly ino: number;
  readonly index: Pgoff;
}

export interface FrameUser {
  readonly pid: number;
  readonly address: Address;
}

/** A frame while its users are found. */
interface FoundFrame extends RamFrame {
  dirty: boolean;
  readonly users: FrameUser[];
}

/** All pages of RAM in use, the zero page left out, by their addresses. Costs a walk over everything. */
export function ramFrames(machine: Machine): RamFrame[] {
  const found = new Map<Address, FoundFrame>();
  for (const mapping of pageCaches(machine)) addCached(found, mapping);
  for (const { pid, mm } of machine.processes) {
    for (const entry of mm.entriesIn(0, Infinity)) {
      const { physical, backing, address } = entry;
      if (backing !== 'anonymous' && backing !== 'page-cache') continue;
      const frame = frameAt(found, physical, backing);
      frame.users.push({ pid, address });
      frame.dirty ||= entry.dirty;
    }
  }
  if (!machine.mmu) addRegions(found, machine);
  return [...found.values()].sort((a, b) => a.physical - b.physical);
}

/** The page caches of all files, and of block devices. */
function* pageCaches({ mounts, devices }: Machine): Generator<AddressSpace> {
  for (const sb of new Set(Array.from(mounts, (mount) => mount.sb))) {
    for (const { mapping } of sb.cachedInodes()) if (mapping !== undefined) yield mapping;
  }
  for (const { mapping } of devices.blockDevices()) yield mapping;
}

function addCached(found: Map<Address, FoundFrame>, mapping: AddressSpace): void {
  const { host, phys, geometry } = mapping;
  for (const index of mapping.indexes()) {
    const frame: Frame = mapping.find(index);
    const physical = phys.pfnOf(frame) * geometry.size;
    const file = { fs: host.sb.type, ino: host.ino, index };
    const dirty = phys.frames.hasFlag(frame, PG_DIRTY);
    if (found.has(physical)) continue;
    found.set(physical, { physical, holds: 'page-cache', file, dirty, users: [] });
  }
}

function frameAt(
  found: Map<Address, FoundFrame>,
  physical: Address,
  holds: RamFrame['holds'],
): FoundFrame {
  let frame = found.get(physical);
  if (frame === undefined) {
    frame = { physical, holds, file: undefined, dirty: holds !== 'page-cache', users: [] };
    found.set(physical, frame);
  }
  return frame;
}

/** Adds the memory under mappings, whose users have it at its physical address. */
function addRegions(
  found: Map<Address, FoundFrame>,
  { vmRegions, processes, phys }: Machine,
): void {
  const { geometry } = phys;
  for (const { vmStart, vmTop } of vmRegions.values()) {
    if (phys.rom.frameOf(geometry.pageOf(vmStart)) !== undefined) continue;
    for (let at = vmStart; at < vmTop; at += geometry.size) {
      if (phys.frameOf(geometry.pageOf(at)) !== undefined) frameAt(found, at, 'region');
    }
  }
  for (const { pid, mm } of processes) {
    for (const { start, end } of mm.areas()) {
      for (let at = start; at < end; at += geometry.size) {
        found.get(at)?.users.push({ pid, address: at });
      }
    }
  }
}
