import { ExecKilled, execProgram, type ExecutedFile } from 'xip-emu';
import { nameToText } from 'cramfs-format';
import { SIGSEGV } from '../signals/numbers.js';
import { exitGroup } from './exit.js';
import type { LinuxKernel } from './kernel.js';
import type { Task } from './task.js';

/** TASK_COMM_LEN without the NUL. */
const COMMAND_LENGTH = 15;

/**
 * execve(2): gives the process another program. Only the calling thread is left, with the registers
 * of a new program. Compare fs/exec.c:begin_new_exec().
 *
 * @throws SyscallError, the errno.
 */
export function execve(
  kernel: LinuxKernel,
  task: Task,
  path: string,
  argv: readonly string[],
  envp: readonly string[],
): void {
  const { group } = task;
  const { process } = group;
  let executed: ExecutedFile;
  try {
    executed = execProgram(process, path, { argv, envp });
  } catch (error) {
    if (!(error instanceof ExecKilled)) throw error;
    exitGroup(kernel, group, { kind: 'killed', signal: SIGSEGV });
    return;
  }
  for (const other of [...group.tasks]) {
    if (other === task) continue;
    group.tasks.delete(other);
    kernel.removeTask(other);
  }
  group.borrowsMemory = false;
  group.handlers = group.handlers.copy();
  group.handlers.flush();
  if (group.fds.isShared) {
    const copy = group.fds.copyTo(process.files);
    group.fds.release();
    group.fds = copy;
  }
  group.fds.closeOnExec();
  const base = path.slice(path.lastIndexOf('/') + 1);
  group.command = base.slice(0, COMMAND_LENGTH);
  task.name = group.command;
  group.argv = executed.argv;
  group.envp = envp;
  group.executable = executed.mapped.path;
  task.mm = process.mm;
  task.space = kernel.spaceOf(process.mm);
  task.clearChildTid = 0;
  task.resetAltStack();
  kernel.memoryChanged(task);
  kernel.activity += 1;
  const { threadStart } = executed;
  group.isFdpic = threadStart.fdpic?.isFdpic ?? false;
  task.onResume.push((processor) => {
    kernel.abi.startThread(processor, threadStart);
  });
  kernel.events.executed?.(task, nameToText(path));
}
