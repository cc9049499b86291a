import type { MemoryArea, MemoryReport } from '../memory-report.js';
import { UNNAMED_DEVICE, deviceText } from '../vfs/device.js';

export interface MapsOptions {
  /** Bytes of a pointer, 4 or 8: names are in another column. Default: the kernel's. */
  readonly pointerSize?: 4 | 8 | undefined;
}

/**
 * /proc/PID/maps, one line per area, each with its newline; a byte string, as paths are. Devices: an MTD is `1f:NN`, a virtio
 * disk `fe:NN`; file systems without a device are `00:NN` in the order of mounting, from 02 on (a
 * kernel has more mounts of its own, so its numbers are greater).
 */
export function mapsText(memory: MemoryReport, options: MapsOptions = {}): string {
  return Array.from(memory.areas(), (area) => mapsLine(memory, area, options)).join('');
}

/** One line of /proc/PID/maps, with its newline. */
export function mapsLine(
  { build }: MemoryReport,
  { start, end, permissions, offset, file, name }: MemoryArea,
  { pointerSize = build.arch.pointerSize }: MapsOptions = {},
): string {
  const inode = file?.userInode;
  const device = deviceText(inode?.sb.dev ?? UNNAMED_DEVICE);
  const head = `${hex(start)}-${hex(end)} ${permissions} ${hex(offset)} ${device} ${inode?.ino ?? 0} `;
  if (name === undefined) return `${head}\n`;
  // seq_setwidth(), then seq_pad() with one more space.
  return `${head.padEnd(25 + pointerSize * 6 - 1)} ${name}\n`;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
