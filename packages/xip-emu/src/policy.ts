import { mixedmapPolicy } from './fs/cramfs/mixedmap.js';
import type { CramfsPolicy } from './fs/cramfs/policy.js';
import { vmaSplitPolicy } from './fs/cramfs/vma-split.js';

/** A kernel, as far as it differs from the others: data, not branches spread about. */
export interface LinuxPolicy {
  readonly name: string;
  readonly cramfs: CramfsPolicy;
}

/** All policies by name. */
export const LINUX_POLICIES = {
  'linux-6.12': { name: 'linux-6.12', cramfs: mixedmapPolicy },
  'linux-6.12-v3-vmasplit': { name: 'linux-6.12-v3-vmasplit', cramfs: vmaSplitPolicy },
} as const satisfies Record<string, LinuxPolicy>;

export type PolicyName = keyof typeof LINUX_POLICIES;
