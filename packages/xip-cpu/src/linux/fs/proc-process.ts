import type { LinuxKernel } from '../kernel/kernel.js';
import type { ThreadGroup } from '../kernel/thread-group.js';
import { mountsText } from './mounts-text.js';
import { directory, file, type PseudoNode } from './pseudo-fs.js';

const USER_HZ_NANOSECONDS = 1e7;

/** Returns a path as the process that reads it sees it. */
export function seenPath({ current }: LinuxKernel, path: string): string {
  return current === undefined ? path : current.group.process.fs.seenPath(path);
}

/** Returns the files of /proc/PID other than its memory maps. */
export function processFiles(
  kernel: LinuxKernel,
  group: ThreadGroup,
): Readonly<Record<string, PseudoNode>> {
  const { process, fds } = group;
  const link = (target: () => string): PseudoNode => ({ type: 'link', target });
  return {
    cmdline: file(() => group.argv.map((argument) => `${argument}\0`).join('')),
    environ: file(() => group.envp.map((variable) => `${variable}\0`).join('')),
    comm: file(() => `${group.command}\n`),
    stat: file(() => `${statFields(kernel, group).join(' ')}\n`),
    statm: file(() => statmText(kernel, group)),
    status: file(() => statusText(kernel, group)),
    mounts: file(() => mountsText(kernel.machine)),
    exe: link(() => seenPath(kernel, group.executable)),
    cwd: link(() => seenPath(kernel, process.fs.cwd.at(-1)!.path)),
    root: link(() => seenPath(kernel, process.fs.root.at(-1)!.path)),
    fd: {
      type: 'directory',
      names: () => fds.numbers().map(String),
      find: (name) => {
        const fd = Number(name);
        if (!fds.numbers().includes(fd)) return undefined;
        return link(() => seenPath(kernel, fds.get(fd).path));
      },
    },
    task: directory({}),
  };
}

/** Returns R, S, T or Z. Compare fs/proc/array.c:get_task_state(). */
function stateOf(group: ThreadGroup): string {
  if (group.exit !== undefined) return 'Z';
  if (group.stopped !== undefined) return 'T';
  return [...group.tasks].some(({ state }) => state === 'ready') ? 'R' : 'S';
}

interface Sizes {
  readonly virtual: number;
  readonly resident: number;
}

function sizesOf({ process, exit }: ThreadGroup): Sizes {
  if (exit !== undefined) return { virtual: 0, resident: 0 };
  let virtual = 0;
  let resident = 0;
  for (const { start, end, counts } of process.mm.areas()) {
    virtual += end - start;
    resident += counts?.().rss ?? end - start;
  }
  return { virtual, resident };
}

/** Compare fs/proc/array.c:do_task_stat(). */
function statFields(kernel: LinuxKernel, group: ThreadGroup): (string | number)[] {
  const { machine, clock } = kernel;
  const { virtual, resident } = sizesOf(group);
  const ticks = (instructions: number): number =>
    Math.floor((instructions * clock.perInstruction) / USER_HZ_NANOSECONDS);
  const fields: (string | number)[] = new Array<number>(52).fill(0);
  const head = [
    group.pid,
    `(${group.command})`,
    stateOf(group),
    group.parent?.pid ?? 0,
    group.processGroup,
    group.session,
    0,
    kernel.terminal.foreground === 0 ? -1 : kernel.terminal.foreground,
  ];
  fields.splice(0, head.length, ...head);
  fields[13] = ticks(group.instructions);
  fields[15] = ticks(group.childInstructions);
  fields[17] = 20 + group.nice;
  fields[18] = group.nice;
  fields[19] = group.tasks.size;
  fields[21] = Math.floor(group.started / USER_HZ_NANOSECONDS);
  fields[22] = virtual;
  fields[23] = resident / machine.pageSize;
  return fields;
}

function statmText({ machine }: LinuxKernel, group: ThreadGroup): string {
  const { virtual, resident } = sizesOf(group);
  return `${virtual / machine.pageSize} ${resident / machine.pageSize} 0 0 0 0 0\n`;
}

function statusText(_kernel: LinuxKernel, group: ThreadGroup): string {
  const { virtual, resident } = sizesOf(group);
  const state = stateOf(group);
  const words: Readonly<Record<string, string>> = {
    R: 'running',
    S: 'sleeping',
    T: 'stopped',
    Z: 'zombie',
  };
  const kb = (bytes: number): string => `${String(bytes / 1024).padStart(8)} kB`;
  const lines = [
    `Name:\t${group.command}`,
    `Umask:\t${group.fs.umask.toString(8).padStart(4, '0')}`,
    `State:\t${state} (${words[state]})`,
    `Tgid:\t${group.pid}`,
    `Pid:\t${group.pid}`,
    `PPid:\t${group.parent?.pid ?? 0}`,
    'Uid:\t0\t0\t0\t0',
    'Gid:\t0\t0\t0\t0',
    `FDSize:\t${group.fds.numbers().length}`,
    `VmSize:\t${kb(virtual)}`,
    `VmRSS:\t${kb(resident)}`,
    `Threads:\t${group.tasks.size}`,
  ];
  return `${lines.join('\n')}\n`;
}
