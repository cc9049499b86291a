import { textToName } from 'cramfs-format';
import type { ArchitectureName, PolicyName } from 'xip-emu';
import { choice, list, parseBytes, text, value } from '../shell/options.js';
import { UsageError } from '../shell/errors.js';

/** The names of all kernels that can be emulated, here so that help does not load the emulator. */
const POLICIES = {
  'linux-6.12': 'mainline (default, except for dialects with a kernel of their own)',
  'linux-6.12-v3-vmasplit': 'with the 2017 patch that splits areas',
  'linux-6.12-shared-page-cache': 'files that share blocks share pages in memory',
  'linux-6.12-overlay-4.18': 'overlayfs as in 4.18 and before',
  'linux-6.12-fake-path': 'backing files as in 6.6 and before',
  'linux-linear-xip': 'with the linear XIP patches, for images of that dialect',
  'linux-asxipfs': 'the kernel of Azure Sphere, for images of dialect asxipfs',
} as const satisfies Record<PolicyName, string>;

/** Where the kernel's test board has its flash. */
export const DEFAULT_PHYS = 0x22000000;

export const policyOption = {
  policy: choice(
    'policy',
    Object.keys(POLICIES) as PolicyName[],
    `the kernel: ${Object.entries(POLICIES)
      .map(([name, what]) => `${name}, ${what}`)
      .join('; ')}`,
  ),
} as const;

/** All architectures, by name as above. */
const ARCHITECTURES = {
  riscv64: true,
  riscv32: true,
  arm: true,
  armeb: true,
  arm64: true,
  mips: true,
  mipsel: true,
  mips64: true,
  mips64el: true,
  powerpc: true,
  powerpc64: true,
  powerpc64le: true,
  i386: true,
  x86_64: true,
} as const satisfies Record<ArchitectureName, true>;

const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as ArchitectureName[];

/** @param implied what is taken without it. */
export function kernelOptions(implied: string) {
  return {
    arch: choice(
      'arch',
      ARCHITECTURE_NAMES,
      `the kernel's architecture: ${ARCHITECTURE_NAMES.join(', ')} (default: ${implied})`,
    ),
    config: list('a kernel configuration option (see docs/emulator.md)', undefined, 'KEY=VALUE'),
  } as const;
}

/** How libraries are found and loaded. */
export const loaderOptions = {
  loader: choice(
    'loader',
    ['auto', 'glibc', 'musl'],
    "how the dynamic loader behaves (default: auto, by the interpreter's name)",
  ),
  'library-path': value(
    'LD_LIBRARY_PATH: directories of the image, separated by colons',
    text,
    undefined,
    'DIR[:DIR...]',
  ),
} as const;

/** The directories that `--library-path` names, as byte strings. */
export function libraryPath(given: string | undefined): string[] {
  return given === undefined ? [] : textToName(given).split(':');
}

export const physOption = {
  phys: value(
    `bus address of the image's first byte (default: 0x${DEFAULT_PHYS.toString(16)})`,
    parsePhys,
    undefined,
    'ADDRESS',
  ),
} as const;

function parsePhys(given: string): number {
  const address = parseBytes('--phys')(given);
  if (address === 0) throw new UsageError('--phys cannot be 0: Linux maps nothing directly then');
  return address;
}
