import { openImage } from 'cramfs-reader';
import { isSyscallError } from '#xip-emu/errno.js';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE } from '#xip-emu/memory-map.js';
import { Machine, type MachineOptions } from '#xip-emu/machine.js';
import type { Mm } from '#xip-emu/mm/mm-struct.js';
import { MmuMemory } from '#xip-emu/mm/mmu-memory.js';
import { OverlaySuperBlock } from '#xip-emu/fs/overlay/super.js';
import { TmpfsSuperBlock } from '#xip-emu/fs/tmpfs/super.js';
import type { Process } from '#xip-emu/process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import { ROM_ADDRESS } from './kernel-images.js';

/** A machine with `bytes`, a cramfs image, in ROM and mounted on /rom. */
export function romMachine(bytes: Uint8Array, options: MachineOptions = {}): Machine {
  const { pageSize = PAGE_SIZE } = options;
  const size = Math.ceil(bytes.length / pageSize) * pageSize;
  const roms = [{ address: ROM_ADDRESS, size, bytes }];
  const machine = new Machine({ roms, ...options });
  machine.mountCramfs('/rom', openImage(bytes), ROM_ADDRESS);
  return machine;
}

/** Mounts an overlay of /rom and a fresh tmpfs on /ovl. */
export function mountOverlay(machine: Machine): void {
  const rom = machine.mounts.at('/rom')!.sb;
  const up = machine.mount('/up', new TmpfsSuperBlock(machine.phys));
  machine.mount('/ovl', new OverlaySuperBlock(rom.root, up.root));
}

export interface MapOptions {
  readonly pgoff?: number;
  /** MAP_*; default MAP_PRIVATE. */
  readonly flags?: number;
  /** With it MAP_FIXED. */
  readonly address?: number;
}

/** Opens, maps and closes a file. @returns the address. */
export function mapFile(
  process: Process,
  path: string,
  pages: number,
  prot: number,
  { pgoff = 0, flags = MAP_PRIVATE, address }: MapOptions = {},
): number {
  const file = process.open(path);
  try {
    return process.mm.mmap({
      address: address ?? 0,
      length: pages * process.geometry.size,
      prot,
      flags: address === undefined ? flags : flags | MAP_FIXED,
      file,
      pgoff,
    });
  } finally {
    process.close(file);
  }
}

export function mapAnonymous(
  process: Process,
  pages: number,
  prot: number,
  { flags = MAP_PRIVATE, address }: MapOptions = {},
): number {
  return process.mm.mmap({
    address: address ?? 0,
    length: pages * process.geometry.size,
    prot,
    flags: flags | MAP_ANONYMOUS | (address === undefined ? 0 : MAP_FIXED),
    pgoff: 0,
  });
}

/** The memory of a process with an MMU, as system calls and programs see it. */
export function memoryOf({ mm }: Process): MmuMemory {
  if (!(mm instanceof MmuMemory)) throw new Error('the machine has no MMU');
  return mm;
}

/** The state of that memory. */
export function mmOf(process: Process): Mm {
  return memoryOf(process).mm;
}

/** The errno of a call; undefined if it succeeds. */
export function errnoOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}
