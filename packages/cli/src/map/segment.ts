import { PF_R, PF_W, PF_X } from 'cramfs-elf';

/** Segment flags as /proc/PID/maps writes permissions: `r-x`. */
export function segmentFlags(flags: number): string {
  const letter = (bit: number, name: string): string => ((flags & bit) === 0 ? '-' : name);
  return letter(PF_R, 'r') + letter(PF_W, 'w') + letter(PF_X, 'x');
}
