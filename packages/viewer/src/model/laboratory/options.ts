import { isBlockSize, type BlockSize } from 'cramfs-format';
import { ARCHITECTURES, LINUX_POLICIES, type ArchitectureName, type PolicyName } from 'xip-emu';

/** The kernel and the board of a session. */
export interface LabOptions {
  readonly policy: PolicyName;
  readonly arch: ArchitectureName;
  readonly mmu: boolean;
  /** The kernel takes the image's blocks to have this size. */
  readonly pageSize: BlockSize;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
}

/** The defaults of `cramfs run`. */
const USUAL: Omit<LabOptions, 'mmu'> = {
  policy: 'linux-6.12',
  arch: 'riscv64',
  pageSize: 4096,
  physAddr: 0x22000000,
};

export const POLICY_NAMES = Object.keys(LINUX_POLICIES) as readonly PolicyName[];
export const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as readonly ArchitectureName[];

export function policyNamed(name: string | undefined): PolicyName | undefined {
  return POLICY_NAMES.find((each) => each === name);
}

export function architectureNamed(name: string | undefined): ArchitectureName | undefined {
  return ARCHITECTURE_NAMES.find((each) => each === name);
}

/** Returns the options of `cramfs run` for a kernel and a board. */
export function runArguments({ mmu, policy, arch, pageSize, physAddr }: LabOptions): string {
  return [
    `--mode ${mmu ? 'mmu' : 'nommu'}`,
    ...(policy === USUAL.policy ? [] : [`--policy ${policy}`]),
    ...(arch === USUAL.arch ? [] : [`--arch ${arch}`]),
    ...(pageSize === USUAL.pageSize ? [] : [`--block-size ${pageSize}`]),
    ...(physAddr === USUAL.physAddr ? [] : [`--phys 0x${physAddr.toString(16)}`]),
  ].join(' ');
}

/** Reads what {@link runArguments} writes; undefined if they are the words of another command. */
export function parseRunArguments(text: string): LabOptions | undefined {
  const value = (option: string): string | undefined =>
    new RegExp(`--${option}[= ]+(\\S+)`).exec(text)?.[1];
  const mode = value('mode');
  if (mode !== 'mmu' && mode !== 'nommu') return undefined;
  const pageSize = Number(value('block-size') ?? USUAL.pageSize);
  const physAddr = Number(value('phys') ?? USUAL.physAddr);
  return {
    mmu: mode === 'mmu',
    policy: policyNamed(value('policy')) ?? USUAL.policy,
    arch: architectureNamed(value('arch')) ?? USUAL.arch,
    pageSize: isBlockSize(pageSize) ? pageSize : USUAL.pageSize,
    physAddr: Number.isSafeInteger(physAddr) && physAddr > 0 ? physAddr : USUAL.physAddr,
  };
}
