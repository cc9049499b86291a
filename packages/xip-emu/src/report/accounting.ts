import type { Machine } from '../machine.js';
import type { MemoryAccount } from '../memory-report.js';
import type { VmRegion } from '../nommu/vm-region.js';
import type { Process } from '../process.js';
import type { Frame } from '../units.js';
import { BDEV_TYPE } from '../vfs/block-device.js';
import type { Inode } from '../vfs/inode.js';

/** What one file costs and saves. */
export interface FileAccount {
  /**
   * The path by which some process opened the file: a byte string. Undefined if the file is only
   * in the page cache.
   */
  readonly path: string | undefined;
  /** Type of the file system, and the number there. */
  readonly fs: string;
  readonly ino: number;
  /** Distinct pages of ROM that are mapped for it. */
  readonly romPages: number;
  readonly pageCachePages: number;
  /** Those of them that other places in files share. */
  readonly sharedCachePages: number;
  /** Without MMU: pages of RAM that hold copies for mappings. */
  readonly copyPages: number;
  /** See {@link MachineAccount.savedBytes}. */
  readonly savedBytes: number;
}

/** What one process has in its page table; without MMU, in its mappings. */
export interface ProcessAccount extends MemoryAccount {
  readonly pid: number;
}

/** The machine's memory; each page counts once. */
export interface MachineAccount {
  readonly romPages: number;
  /** Pages of files: `Cached` of /proc/meminfo. */
  readonly pageCachePages: number;
  /** Anonymous memory; without MMU all RAM of mappings. */
  readonly anonymousPages: number;
  /**
   * RAM in use in bytes, page cache and process memory. Page tables are not counted, nor pages of
   * block devices: see {@link nrBlockdevPages}.
   */
  readonly ramBytes: number;
  /**
   * "RAM saved by XIP": bytes of file pages that are mapped from ROM and not in the page cache as
   * well. Without direct mappings each of them would take a page of RAM when it is first used.
   * Without MMU: the copies that would have been made at once.
   */
  readonly savedBytes: number;
  /** "RAM saved by sharing": bytes of page cache that files would need in addition if they shared none. */
  readonly sharingSavedBytes: number;
  readonly files: readonly FileAccount[];
  readonly processes: readonly ProcessAccount[];
}

/** A file while it is counted. */
interface Counting {
  readonly inode: Inode;
  path: string | undefined;
  readonly rom: Set<Frame>;
  /** Without MMU: what is mapped from ROM need not be aligned. */
  romRegionPages: number;
  copyPages: number;
}

/** Counts all memory of a machine by files and processes. Costs a walk over everything. */
export function accountMachine(machine: Machine): MachineAccount {
  const counting = new Map<Inode, Counting>();
  const processes = [...machine.processes].map((process) => accountProcess(process, counting));
  for (const region of machine.vmRegions.values()) countRegion(machine, region, counting);
  for (const { sb } of machine.mounts) {
    for (const inode of sb.cachedInodes()) {
      if ((inode.mapping?.pages ?? 0) > 0) countingOf(counting, inode);
    }
  }
  const files = [...counting.values()].map(fileAccount).filter(hasPages);
  const sum = (of: (file: FileAccount) => number): number =>
    files.reduce((total, file) => total + of(file), 0);
  const shared = sharedAway(machine);
  const buffers = nrBlockdevPages(machine);
  const mappedBuffers = sum((file) => (file.fs === BDEV_TYPE ? file.pageCachePages : 0));
  const pageCachePages = sum((file) => file.pageCachePages) - mappedBuffers - shared;
  const used = machine.phys.used - buffers;
  const { size: pageSize } = machine.phys.geometry;
  return {
    romPages: sum((file) => file.romPages),
    pageCachePages,
    anonymousPages: used - pageCachePages,
    ramBytes: used * pageSize,
    savedBytes: sum((file) => file.savedBytes),
    sharingSavedBytes: shared * pageSize,
    files,
    processes,
  };
}

/**
 * Pages that block devices have in RAM, `Buffers` of /proc/meminfo: what mounts and files have read
 * through them. Linux takes them back when memory is short. Compare block/bdev.c:nr_blockdev_pages().
 */
export function nrBlockdevPages({ devices }: Machine): number {
  let pages = 0;
  for (const { mapping } of devices.blockDevices()) pages += mapping.pages;
  return pages;
}

/** Counts the places of shared pages beyond each page's first one. */
function sharedAway(machine: Machine): number {
  const systems = new Set(Array.from(machine.mounts, ({ sb }) => sb));
  let pages = 0;
  for (const { sharedPages } of systems) pages += sharedPages?.savedPages ?? 0;
  return pages;
}

function countingOf(files: Map<Inode, Counting>, inode: Inode, path?: string): Counting {
  let file = files.get(inode);
  if (file === undefined) {
    file = { inode, path, rom: new Set(), romRegionPages: 0, copyPages: 0 };
    files.set(inode, file);
  }
  file.path ??= path;
  return file;
}

function accountProcess({ pid, mm }: Process, files: Map<Inode, Counting>): ProcessAccount {
  return { pid, ...mm.account(({ inode, path }) => countingOf(files, inode, path).rom) };
}

function countRegion(machine: Machine, region: VmRegion, files: Map<Inode, Counting>): void {
  const { vmStart, vmTop, vmFile } = region;
  if (vmFile === undefined) return;
  const file = countingOf(files, vmFile.inode, vmFile.path);
  const { phys } = machine;
  const pages = phys.geometry.pagesOf(vmTop - vmStart);
  const pfn = phys.geometry.pageOf(vmStart);
  if (phys.rom.frameOf(pfn) !== undefined) file.romRegionPages += pages;
  else if (phys.frameOf(pfn) !== undefined) file.copyPages += pages;
}

function fileAccount({ inode, path, rom, romRegionPages, copyPages }: Counting): FileAccount {
  return {
    path,
    fs: inode.sb.type,
    ino: inode.ino,
    romPages: rom.size + romRegionPages,
    pageCachePages: inode.mapping?.pages ?? 0,
    sharedCachePages: sharedCachePages(inode),
    copyPages,
    savedBytes: (uncachedPages(inode, rom) + romRegionPages) * inode.sb.geometry.size,
  };
}

function sharedCachePages({ mapping, sb }: Inode): number {
  const { sharedPages } = sb;
  if (mapping === undefined || sharedPages === undefined) return 0;
  let shared = 0;
  for (const index of mapping.indexes()) {
    if (sharedPages.usersOf(mapping.find(index)) > 1) shared += 1;
  }
  return shared;
}

/** How many of the ROM pages of a file are not in its page cache as well. */
function uncachedPages(inode: Inode, rom: ReadonlySet<Frame>): number {
  const { mapping } = inode;
  if (rom.size === 0 || mapping === undefined) return rom.size;
  const { aops, phys, geometry } = mapping;
  let both = 0;
  for (const index of mapping.indexes()) {
    const address = aops.romAddressOf?.(mapping, index);
    if (address === undefined) continue;
    const frame = phys.rom.frameOf(geometry.pageOf(address));
    if (frame !== undefined && rom.has(frame)) both += 1;
  }
  return rom.size - both;
}

function hasPages({ romPages, pageCachePages, copyPages }: FileAccount): boolean {
  return romPages + pageCachePages + copyPages > 0;
}
