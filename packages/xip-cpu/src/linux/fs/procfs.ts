import {
  MmuMemory,
  mapsLine,
  smapsEntry,
  type Machine,
  type MemoryArea,
  type MemoryReport,
} from 'xip-emu';
import type { LinuxKernel } from '../kernel/kernel.js';
import type { ThreadGroup } from '../kernel/thread-group.js';
import { KERNEL_RELEASE, KERNEL_VERSION } from './kernel-version.js';
import { pagemapTable } from './pagemap-table.js';
import { processFiles, seenPath } from './proc-process.js';
import {
  PseudoSuperBlock,
  directory,
  file,
  unspliceable,
  type PseudoDirectory,
  type PseudoNode,
} from './pseudo-fs.js';
import type { SeqShow } from './seq-file.js';
import { dropCachesFile, vmstatFile } from './vm-files.js';

const KILOBYTE = 1024;

/** Returns proc, with the files that programs of small systems read. */
export function procSuperBlock(kernel: LinuxKernel): PseudoSuperBlock {
  const fixed = fixedNodes(kernel);
  const root: PseudoDirectory = {
    type: 'directory',
    names: () => [...[...kernel.groups.keys()].map(String), ...fixed.keys()],
    find: (name) => {
      const group = /^\d+$/.test(name) ? kernel.groups.get(Number(name)) : undefined;
      return group === undefined ? fixed.get(name) : processDirectory(kernel, group);
    },
  };
  return new PseudoSuperBlock('proc', kernel.machine.geometry, root);
}

function processDirectory(kernel: LinuxKernel, group: ThreadGroup): PseudoNode {
  const { mm } = group.process;
  // fs/proc/base.c has no splice_read for these, except mounts.
  const { mounts, ...files } = processFiles(kernel, group);
  const others: Readonly<Record<string, PseudoNode>> = {
    ...files,
    maps: { type: 'file', show: areaRecords(kernel, mm, mapsLine) },
    ...(mm instanceof MmuMemory
      ? {
          smaps: { type: 'file', show: areaRecords(kernel, mm, smapsEntry) },
          pagemap: pagemapTable(mm),
        }
      : {}),
  };
  const names = Object.entries(others).map(([name, node]) => [name, unspliceable(node)] as const);
  return directory({ ...Object.fromEntries(names), mounts: mounts! });
}

/**
 * A record for each area; positions are where the area before ended. Paths are as the reader sees them.
 * Compare fs/proc/task_mmu.c:m_start(), show_map_vma().
 */
function areaRecords(
  kernel: LinuxKernel,
  memory: MemoryReport,
  text: (memory: MemoryReport, area: MemoryArea) => string,
): SeqShow {
  return (position) => {
    for (const area of memory.areas()) {
      if (area.end <= position) continue;
      const name = area.file && seenPath(kernel, area.name!);
      const seen = name === undefined ? area : { ...area, name };
      return { text: text(memory, seen), next: area.end };
    }
    return undefined;
  };
}

function fixedNodes(kernel: LinuxKernel): Map<string, PseudoNode> {
  const { machine, host } = kernel;
  const line = (text: string): PseudoNode => file(() => `${text}\n`);
  return new Map<string, PseudoNode>([
    ['self', { type: 'link', target: () => String(kernel.current?.group.pid ?? 1) }],
    ['thread-self', { type: 'link', target: () => String(kernel.current?.group.pid ?? 1) }],
    ['mounts', { type: 'link', target: () => 'self/mounts' }],
    ['meminfo', file(() => meminfoText(machine))],
    ['cpuinfo', file(() => cpuinfoText(kernel))],
    ['uptime', file(() => uptimeText(kernel))],
    ['loadavg', file(() => `0.00 0.00 0.00 1/${kernel.tasks.length} ${lastPid(kernel)}\n`)],
    ['stat', file(() => statText(kernel))],
    ['version', line(`Linux version ${KERNEL_RELEASE} (cramfs) ${KERNEL_VERSION}`)],
    ['cmdline', line('root=/dev/mtdblock0 rootfstype=cramfs')],
    ['filesystems', file(() => filesystemsText(machine))],
    ['vmstat', vmstatFile(machine)],
    ['partitions', line('major minor  #blocks  name')],
    [
      'sys',
      directory({
        kernel: directory({
          hostname: file(
            () => `${host.name}\n`,
            (name) => {
              host.name = name.trim();
            },
          ),
          ostype: line('Linux'),
          osrelease: line(KERNEL_RELEASE),
          version: line(KERNEL_VERSION),
          pid_max: line('32768'),
          randomize_va_space: line('0'),
        }),
        vm: directory({ drop_caches: dropCachesFile(machine), overcommit_memory: line('0') }),
      }),
    ],
  ]);
}

function lastPid({ groups }: LinuxKernel): number {
  return Math.max(...groups.keys());
}

function meminfoText({ phys, pageSize }: Machine): string {
  const kb = (frames: number): number => (frames * pageSize) / KILOBYTE;
  const free = phys.ramFrames - phys.used;
  const values: readonly (readonly [string, number])[] = [
    ['MemTotal', kb(phys.ramFrames)],
    ['MemFree', kb(free)],
    ['MemAvailable', kb(free)],
    ['Buffers', 0],
    ['Cached', 0],
    ['SwapCached', 0],
    ['Shmem', 0],
    ['SReclaimable', 0],
    ['SwapTotal', 0],
    ['SwapFree', 0],
  ];
  return values
    .map(([name, value]) => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`)
    .join('');
}

function cpuinfoText({ abi }: LinuxKernel): string {
  if (abi.name === 'arm') {
    return 'processor\t: 0\nmodel name\t: ARMv7 Processor\nFeatures\t: half thumb fastmult vfp edsp vfpv3 vfpv3d16 tls vfpv4 idiva idivt\n\n';
  }
  const bits = abi.pointerSize * 8;
  return `processor\t: 0\nhart\t\t: 0\nisa\t\t: rv${bits}imafdc\n\n`;
}

function uptimeText({ clock }: LinuxKernel): string {
  const seconds = (clock.now / 1e9).toFixed(2);
  return `${seconds} 0.00\n`;
}

function statText({ clock, groups }: LinuxKernel): string {
  const ticks = Math.floor(clock.now / 1e7);
  const counts = `${ticks} 0 0 0 0 0 0 0 0 0`;
  const boot = clock.realtime.sec - Math.floor(clock.now / 1e9);
  return `cpu  ${counts}\ncpu0 ${counts}\nctxt 0\nbtime ${boot}\nprocesses ${groups.size}\nprocs_running 1\nprocs_blocked 0\n`;
}

function filesystemsText({ mounts }: Machine): string {
  const types = new Set([...mounts].map(({ sb }) => sb.type));
  return [...types].map((type) => `${type === 'cramfs' ? '' : 'nodev'}\t${type}\n`).join('');
}
