import type { MemoryMap } from '../memory-map.js';
import type { Mm } from '../mm/mm-struct.js';
import { MmuMemory } from '../mm/mmu-memory.js';
import type { Vma } from '../mm/vma.js';
import { NommuMm } from '../nommu/nommu-mm.js';
import type { NommuVma } from '../nommu/nommu-vma.js';
import { PAGE_SIZE } from '../units.js';
import { UNNAMED_DEVICE, deviceText } from '../vfs/device.js';
import type { OpenFile } from '../vfs/file.js';
import {
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
} from '../vfs/vm-area.js';
import { offsetOf, permissionsText } from './smaps.js';

/** Compare arch/arm/kernel/process.c:gate_vma_init(). */
export const GATE_FLAGS = VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC;

export interface MapsOptions {
  /** Bytes of a pointer, 4 or 8: paths stand in another column. Default: the kernel's. */
  readonly pointerSize?: 4 | 8 | undefined;
}

interface MapsLine {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  readonly offset: number;
  readonly file: OpenFile | undefined;
  readonly name: string | undefined;
  /** Of the kernel. */
  readonly pointerSize: 4 | 8;
}

/**
 * /proc/PID/maps, one line per area, each with its newline; a byte string, as paths are. Devices: an MTD is `1f:NN`, a virtio
 * disk `fe:NN`; file systems without a device are `00:NN` in the order of mounting, from 02 on (a
 * kernel has more mounts of its own, so its numbers are greater).
 */
export function mapsText(memory: MemoryMap, options: MapsOptions = {}): string {
  if (memory instanceof MmuMemory) {
    const { mm } = memory;
    const lines = [...mm.vmas].map((vma) => mapsLine(mm, vma, options));
    return lines.join('') + gateLine(mm, options);
  }
  if (memory instanceof NommuMm) {
    return [...memory.vmas()].map((vma) => nommuMapsLine(memory, vma, options)).join('');
  }
  return '';
}

/** One line of /proc/PID/maps. Compare fs/proc/task_mmu.c:show_map_vma(). */
export function mapsLine(mm: Mm, vma: Vma, options: MapsOptions = {}): string {
  const { start, end, flags, file } = vma;
  const line = {
    start: start * PAGE_SIZE,
    end: end * PAGE_SIZE,
    permissions: permissionsText(flags),
    offset: offsetOf(vma),
    file,
    name: file === undefined ? nameOf(mm, vma) : escapeNewlines(file.path),
    pointerSize: mm.host.build.arch.pointerSize,
  };
  return formatLine(line, options);
}

/** What the kernel lists behind the areas, with its newline; may be empty. */
export function gateLine(mm: Mm, options: MapsOptions = {}): string {
  const { gateArea, arch } = mm.host.build;
  if (gateArea === undefined) return '';
  const { start, end, name } = gateArea;
  const { pointerSize } = arch;
  const permissions = permissionsText(GATE_FLAGS);
  const line = { start, end, permissions, offset: 0, file: undefined, name, pointerSize };
  return formatLine(line, options);
}

/** Compare fs/proc/task_mmu.c:get_vma_name(). */
function nameOf(mm: Mm, vma: Vma): string | undefined {
  if (vma.ops?.name !== undefined) return vma.ops.name;
  const [start, end] = [vma.start * PAGE_SIZE, vma.end * PAGE_SIZE];
  if (start < mm.brkEnd && end > mm.startBrk) return '[heap]';
  return start <= mm.startStack && end >= mm.startStack ? '[stack]' : undefined;
}

/** Compare fs/proc/task_nommu.c:nommu_vma_show(), which escapes nothing. */
export function nommuMapsLine(mm: NommuMm, vma: NommuVma, options: MapsOptions = {}): string {
  const { vmStart, vmEnd, vmFlags, vmPgoff, vmFile } = vma;
  const { startStack } = mm;
  const isStack = startStack !== undefined && vmStart <= startStack && vmEnd >= startStack;
  const line = {
    start: vmStart,
    end: vmEnd,
    permissions: nommuPermissionsText(vmFlags),
    offset: vmFile === undefined ? 0 : vmPgoff * PAGE_SIZE,
    file: vmFile,
    name: vmFile?.path ?? (isStack ? '[stack]' : undefined),
    pointerSize: mm.build.arch.pointerSize,
  };
  return formatLine(line, options);
}

/** Without MMU a mapping that may be shared is `s`, one that is `S`. */
export function nommuPermissionsText(flags: number): string {
  const shared = (flags & VM_MAYSHARE) === 0 ? 'p' : (flags & VM_SHARED) === 0 ? 's' : 'S';
  return [
    (flags & VM_READ) === 0 ? '-' : 'r',
    (flags & VM_WRITE) === 0 ? '-' : 'w',
    (flags & VM_EXEC) === 0 ? '-' : 'x',
    shared,
  ].join('');
}

function formatLine(line: MapsLine, options: MapsOptions): string {
  const { start, end, permissions, offset, file, name } = line;
  const { pointerSize = line.pointerSize } = options;
  const inode = file?.userInode;
  const device = deviceText(inode?.sb.dev ?? UNNAMED_DEVICE);
  const head = `${hex(start)}-${hex(end)} ${permissions} ${hex(offset)} ${device} ${inode?.ino ?? 0} `;
  if (name === undefined) return `${head}\n`;
  // seq_setwidth(), then seq_pad() with one more space.
  return `${head.padEnd(25 + pointerSize * 6 - 1)} ${name}\n`;
}

/** The one character that fs/seq_file.c:seq_path() is asked to escape. */
function escapeNewlines(path: string): string {
  return path.replaceAll('\n', '\\012');
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
