import type { PolicyName } from 'xip-emu';
import { choice, parseBytes, value } from './options.js';
import { UsageError } from './errors.js';

/** The kernels that the emulator can be; here by name, so that help needs no emulator. */
const POLICIES = ['linux-6.12', 'linux-6.12-v3-vmasplit'] as const satisfies readonly PolicyName[];

/** Of the emulated kernels. */
export const PAGE_SIZE = 4096;

/** Where the kernel's test board has its flash. */
export const DEFAULT_PHYS = 0x22000000;

export const policyOption = {
  policy: choice(
    'policy',
    POLICIES,
    'the kernel: linux-6.12 (default), or linux-6.12-v3-vmasplit, with the patch of 2017 that splits areas',
  ),
} as const;

export const physOption = {
  phys: value(
    `bus address of the image's first byte (default: 0x${DEFAULT_PHYS.toString(16)})`,
    parsePhys,
  ),
} as const;

function parsePhys(given: string): number {
  const address = parseBytes('--phys')(given);
  if (address === 0) throw new UsageError('--phys cannot be 0: Linux maps nothing directly then');
  return address;
}
