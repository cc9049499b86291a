import { asxipfsPolicy } from './fs/cramfs/asxipfs.js';
import { linearXipPolicy } from './fs/cramfs/linear-xip.js';
import { mixedmapPolicy } from './fs/cramfs/mixedmap.js';
import type { CramfsPolicy } from './fs/cramfs/policy.js';
import { vmaSplitPolicy } from './fs/cramfs/vma-split.js';
import type { StackingPolicy } from './vfs/inode.js';

/** What makes a kernel differ from the others, as data instead of branches in many places. */
export interface LinuxPolicy {
  readonly name: string;
  readonly cramfs: CramfsPolicy;
  /** Files that share extents on the device share clean pages of the page cache. */
  readonly pageCacheSharing: boolean;
  readonly stacking: StackingPolicy;
}

const LINUX: LinuxPolicy = {
  name: 'linux-6.12',
  cramfs: mixedmapPolicy,
  pageCacheSharing: false,
  stacking: { countsRealMount: true, followsCopyUp: 'open files' },
};

/** All policies by name. */
export const LINUX_POLICIES = {
  'linux-6.12': LINUX,
  'linux-6.12-v3-vmasplit': {
    ...LINUX,
    name: 'linux-6.12-v3-vmasplit',
    cramfs: vmaSplitPolicy,
  },
  /** What "sharing page cache pages between multiple mappings" (2016) asks for. */
  'linux-6.12-shared-page-cache': {
    ...LINUX,
    name: 'linux-6.12-shared-page-cache',
    pageCacheSharing: true,
    stacking: { ...LINUX.stacking, followsCopyUp: 'maps' },
  },
  /** overlayfs up to 4.18: an open file is the file of the layer where it was opened. */
  'linux-6.12-overlay-4.18': {
    ...LINUX,
    name: 'linux-6.12-overlay-4.18',
    stacking: { ...LINUX.stacking, followsCopyUp: 'nothing' },
  },
  /** Backing files as until 6.6: "fake path" files, which only count as the user's. */
  'linux-6.12-fake-path': {
    ...LINUX,
    name: 'linux-6.12-fake-path',
    stacking: { ...LINUX.stacking, countsRealMount: false },
  },
  /** The kernels of 2000 to 2010 that mount images of dialect linear-xip: with their cramfs, the rest as now. */
  'linux-linear-xip': { ...LINUX, name: 'linux-linear-xip', cramfs: linearXipPolicy },
  /** The kernel of Azure Sphere, which mounts images of dialect asxipfs, in the same way. */
  'linux-asxipfs': { ...LINUX, name: 'linux-asxipfs', cramfs: asxipfsPolicy },
} as const satisfies Record<string, LinuxPolicy>;

export type PolicyName = keyof typeof LINUX_POLICIES;
