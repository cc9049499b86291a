import { EM_386, EM_AARCH64, EM_ARM, EM_X86_64 } from 'cramfs-elf';
import type { Architecture } from '../../arch/architecture.js';

/** The subdirectories for certain processors that glibc's loader looks into, and the bytes of their list. */
export interface SearchedCapabilities {
  readonly count: number;
  readonly bytes: number;
}

/** Machines whose AT_HWCAP is not emulated, or with names of glibc-hwcaps in addition: counted. */
const COUNTED: Readonly<Record<number, SearchedCapabilities>> = {
  [EM_386]: { count: 8, bytes: 200 },
  [EM_X86_64]: { count: 12, bytes: 322 },
  [EM_AARCH64]: { count: 8, bytes: 200 },
};

/** HWCAP_IMPORTANT: bits of AT_HWCAP that have a directory, in their order. */
const IMPORTANT: Readonly<Record<number, readonly (readonly [bit: number, name: string])[]>> = {
  [EM_ARM]: [
    [6, 'vfp'],
    [12, 'neon'],
  ],
};

/** Every combination of the capabilities has a directory. Compare elf/dl-hwcaps.c:_dl_important_hwcaps(). */
export function searchedCapabilities(
  machine: number,
  { pointerSize, elf: { hwcap = 0, platform } }: Architecture,
): SearchedCapabilities {
  const counted = COUNTED[machine];
  if (counted !== undefined) return counted;
  const important = IMPORTANT[machine] ?? [];
  const names = important.filter(([bit]) => ((hwcap >>> bit) & 1) === 1).map(([, name]) => name);
  if (platform !== undefined) names.push(platform);
  names.push('tls');
  const lengths = names.map(({ length }) => length + 1);
  const first = lengths[0]!;
  const last = lengths.at(-1)!;
  const between = lengths.slice(1, -1).reduce((sum, length) => sum + length, 0);
  const strings =
    lengths.length < 3
      ? lengths.reduce((sum, length) => sum + length, 0)
      : (2 * (first + last) + between) * 2 ** (lengths.length - 3);
  const count = 2 ** lengths.length;
  // struct r_strlenpair
  return { count, bytes: count * 2 * pointerSize + strings };
}
