import { PF_R, PF_W, PF_X } from 'cramfs-elf';
import type { SegmentExplanation } from 'cramfs-reader';
import { hex } from './json.js';

/** Segment flags as /proc/PID/maps writes permissions: `r-x`. */
export function segmentFlags(flags: number): string {
  const letter = (bit: number, name: string): string => ((flags & bit) === 0 ? '-' : name);
  return letter(PF_R, 'r') + letter(PF_W, 'w') + letter(PF_X, 'x');
}

/** `r-x segment at 0x1000`, by its offset in the file; `text` or `data` of a bFLT program. */
export function segmentName({
  name,
  flags,
  offset,
}: Pick<SegmentExplanation, 'name' | 'flags' | 'offset'>): string {
  if (name !== undefined) return name;
  return `${segmentFlags(flags)} segment at ${hex(offset)}`;
}
