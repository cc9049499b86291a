import {
  DevSuperBlock,
  TmpfsSuperBlock,
  type Machine,
  type MemoryMap,
  type SuperBlock,
} from 'xip-emu';
import type { UserMemory } from '../../memory/user-memory.js';
import type { Processor, Stop } from '../../processor.js';
import type { Abi } from '../abi/abi.js';
import { procSuperBlock } from '../fs/procfs.js';
import { sysSuperBlock } from '../fs/sysfs.js';
import type { Terminal } from '../fs/terminal.js';
import { deliverSignals, signalInterrupts } from '../signals/deliver.js';
import {
  FAULT_CODES,
  ILL_ILLOPC,
  SIGALRM,
  SIGBUS,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
  TRAP_BRKPT,
  SI_KERNEL,
} from '../signals/numbers.js';
import { forceSignal, sendToGroup } from '../signals/send.js';
import type { SignalInfo } from '../signals/signal-state.js';
import { dispatch, finishCall } from './dispatch.js';
import { Deadlock } from './deadlock.js';
import type { Blocked } from './outcome.js';
import type { SeededRandom } from './seeded-random.js';
import type { Task } from './task.js';
import type { ExitState, ThreadGroup } from './thread-group.js';
import type { KernelTimer } from './kernel-timer.js';
import { UserSpace } from './user-space.js';
import type { VirtualClock } from './virtual-clock.js';

/** Instructions before another task gets its turn. */
const SLICE = 100_000;

/** Why {@link LinuxKernel.run} returned. */
export type RunEnd =
  | ExitState
  /** The limit of instructions was reached. */
  | { readonly kind: 'limit' }
  /** All tasks wait for input that the host does not have yet: run again when it has. */
  | { readonly kind: 'input' };

/** Callbacks for events that programs do not see. */
export interface KernelEvents {
  /** A system call has returned a result, or an errno below 0. */
  readonly call?: ((task: Task, name: string, result: number) => void) | undefined;
  /** A program has made an unknown system call: it gets ENOSYS. */
  readonly missingCall?: ((task: Task, name: string) => void) | undefined;
  /** execve(2) has succeeded. */
  readonly executed?: ((task: Task, path: string) => void) | undefined;
  /** A turn of a task has ended. */
  readonly slice?: (() => void) | undefined;
  /** A program has executed an instruction that the processor does not know. */
  readonly illegal?: ((task: Task, stop: Extract<Stop, { kind: 'illegal' }>) => void) | undefined;
  /** A signal has ended a process. */
  readonly killed?: ((group: ThreadGroup, info: SignalInfo) => void) | undefined;
}

export interface KernelOptions {
  readonly machine: Machine;
  readonly processor: Processor;
  readonly abi: Abi;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly terminal: Terminal;
  /** Returns a memory as the processor sees it. */
  readonly memoryOf: (mm: MemoryMap) => UserMemory;
  readonly events?: KernelEvents | undefined;
}

/**
 * The part of Linux that programs use, on the processes of an emulated machine: tasks, system calls
 * and signals. One task runs at a time, in turns of a fixed number of instructions, so that every
 * run takes the same course.
 */
export class LinuxKernel {
  readonly machine: Machine;
  readonly processor: Processor;
  readonly abi: Abi;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly terminal: Terminal;
  readonly events: KernelEvents;
  /** pipefs: the inodes of pipe(2). */
  readonly pipes: TmpfsSuperBlock;
  /** All threads, in the order in which they get the processor. */
  readonly tasks: Task[] = [];
  /** All processes, zombies included. */
  readonly groups = new Map<number, ThreadGroup>();
  /** Grows with each system call and signal. Waiting calls are tried again after that. */
  activity = 0;
  /** The task whose system call is being executed: `current`. */
  current: Task | undefined = undefined;
  readonly host = { name: 'cramfs', domain: '(none)' };
  /** Timers that are files. */
  readonly timers = new Set<KernelTimer>();
  /** The process that was started first. Orphans become its children. */
  firstGroup: ThreadGroup | undefined = undefined;
  private readonly memoryOf: (mm: MemoryMap) => UserMemory;
  private readonly spaces = new WeakMap<MemoryMap, UserSpace>();
  /** The task whose registers the processor has. */
  private onProcessor: Task | undefined = undefined;
  private next = 0;

  constructor(options: KernelOptions) {
    this.machine = options.machine;
    this.processor = options.processor;
    this.abi = options.abi;
    this.clock = options.clock;
    this.random = options.random;
    this.terminal = options.terminal;
    this.memoryOf = options.memoryOf;
    this.events = options.events ?? {};
    this.pipes = new TmpfsSuperBlock(this.machine.phys);
  }

  /**
   * mount(2). proc and sysfs belong to the kernel, all other types to the machine.
   *
   * @throws SyscallError ENODEV, EINVAL, ENOENT.
   */
  mountByName(type: string, source: string, target: string, options: string): void {
    const sb = this.pseudoFileSystem(type);
    if (sb === undefined) this.machine.mount(type, source, target, options);
    else this.machine.mount(target, sb);
  }

  private pseudoFileSystem(type: string): SuperBlock | undefined {
    switch (type) {
      case 'proc':
        return procSuperBlock(this);
      case 'sysfs':
        return sysSuperBlock(this.machine);
      case 'devtmpfs':
        return new DevSuperBlock({ mapsNull: false });
      default:
        return undefined;
    }
  }

  /** Returns the memory of a process as the kernel reads and writes it. */
  spaceOf(mm: MemoryMap): UserSpace {
    const known = this.spaces.get(mm);
    if (known !== undefined) return known;
    const space = new UserSpace(this.memoryOf(mm));
    this.spaces.set(mm, space);
    return space;
  }

  /** Adds a thread to those that get turns. */
  addTask(task: Task): void {
    this.tasks.push(task);
    this.groups.set(task.group.pid, task.group);
    this.firstGroup ??= task.group;
  }

  /** Removes a thread that has ended. */
  removeTask(task: Task): void {
    task.state = 'dead';
    const index = this.tasks.indexOf(task);
    this.tasks.splice(index, 1);
    if (index < this.next) this.next -= 1;
    if (this.onProcessor === task) this.onProcessor = undefined;
    this.activity += 1;
  }

  /**
   * Runs until the first process has ended, and all others with it, or until the processor has
   * executed `limit` instructions.
   *
   * @throws Deadlock if all tasks wait for each other; UnmodelledError and others from the
   * emulator.
   */
  run(limit: number): RunEnd {
    const { processor, clock } = this;
    for (;;) {
      if (this.firstGroup?.exit !== undefined) return this.firstGroup.exit;
      if (processor.executed >= limit) return { kind: 'limit' };
      this.runTimers();
      if (this.lacksInput()) return { kind: 'input' };
      const task = this.pick();
      if (task === undefined) {
        const due = this.nextEvent();
        if (due === undefined) throw new Deadlock(this.tasks);
        clock.skipTo(due);
        continue;
      }
      this.switchTo(task);
      this.slice(task, limit);
      this.events.slice?.();
    }
  }

  /** Executes one turn of a task. */
  private slice(task: Task, limit: number): void {
    const { processor, clock } = this;
    const started = processor.executed;
    const end = Math.min(started + SLICE, limit);
    for (;;) {
      this.resume(task);
      if (!deliverSignals(this, task) || processor.executed >= end) break;
      const due = this.nextEvent();
      const left = end - processor.executed;
      const until = due === undefined ? left : Math.min(left, clock.instructionsUntil(due));
      if (until === 0) break;
      const stop = processor.run(until);
      this.handle(task, stop);
      if (stop.kind === 'limit' && until < left) break;
    }
    task.group.instructions += processor.executed - started;
  }

  private handle(task: Task, stop: Stop): void {
    switch (stop.kind) {
      case 'limit':
        return;
      case 'syscall':
        this.activity += 1;
        dispatch(this, task);
        return;
      case 'breakpoint':
        forceSignal(task, { signal: SIGTRAP, code: TRAP_BRKPT, address: this.processor.pc });
        return;
      case 'fault': {
        const signal = stop.signal === 'SIGBUS' ? SIGBUS : SIGSEGV;
        const code = FAULT_CODES[stop.code] ?? SI_KERNEL;
        forceSignal(task, { signal, code, address: stop.address });
        return;
      }
      case 'illegal':
        this.handleIllegal(task, stop);
    }
  }

  /** Compare arch/arm/kernel/traps.c:do_undefinstr(), arch/arm/kernel/swp_emulate.c:set_segfault(). */
  private handleIllegal(task: Task, stop: Extract<Stop, { kind: 'illegal' }>): void {
    const { processor, abi } = this;
    const { pc: address } = processor;
    const emulation = abi.emulate?.(processor, task.space, stop.encoding);
    if (emulation === undefined) {
      this.events.illegal?.(task, stop);
      forceSignal(task, { signal: SIGILL, code: ILL_ILLOPC, address });
      return;
    }
    const { fault } = emulation;
    if (fault === undefined) return;
    const isMapped = [...task.mm.areas()].some(({ end }) => fault < end);
    const code = FAULT_CODES[isMapped ? 'ACCERR' : 'MAPERR'] ?? SI_KERNEL;
    forceSignal(task, { signal: SIGSEGV, code, address });
  }

  /** Switches the processor to a task: schedule(). */
  switchTo(task: Task): void {
    const { processor } = this;
    if (this.onProcessor !== task) {
      this.parkCurrent();
      if (task.registers !== undefined) processor.restore(task.registers);
      processor.clearReservation();
      this.onProcessor = task;
      processor.use(task.space.memory);
    }
  }

  /** Makes the changes that the registers of the task on the processor are waiting for. */
  private resume(task: Task): void {
    for (const action of task.onResume.splice(0)) action(this.processor);
  }

  /** Switches the processor to the new memory of its task. */
  memoryChanged(task: Task): void {
    if (this.onProcessor === task) this.processor.use(task.space.memory);
  }

  private parkCurrent(): void {
    if (this.onProcessor !== undefined) this.onProcessor.registers = this.processor.save();
  }

  /**
   * Whether a task waits for input that the host does not have yet. All others wait with it, so
   * that the time that the host takes does not show.
   */
  private lacksInput(): boolean {
    return this.tasks.some(
      (task) =>
        task.wait?.outside === true && task.group.stopped === undefined && !this.isReady(task),
    );
  }

  /** Returns the next task that can run, after the last one. */
  private pick(): Task | undefined {
    const { tasks } = this;
    for (let count = tasks.length; count > 0; count -= 1) {
      if (this.next >= tasks.length) this.next = 0;
      const task = tasks[this.next]!;
      this.next += 1;
      if (task.group.stopped === undefined && this.isReady(task)) return task;
    }
    return undefined;
  }

  private isReady(task: Task): boolean {
    const { wait } = task;
    if (wait === undefined) return true;
    if (signalInterrupts(task)) return true;
    const isDue = wait.deadline !== undefined && wait.deadline <= this.clock.now;
    if (task.triedAt === this.activity && !isDue && wait.outside !== true) return false;
    task.triedAt = this.activity;
    return finishCall(
      this,
      task,
      () => wait.attempt() ?? (isDue ? expiredResult(wait) : undefined),
    );
  }

  /** Returns when the next task wakes up or the next timer expires; undefined: never. */
  private nextEvent(): number | undefined {
    let earliest = Infinity;
    for (const { wait, group } of this.tasks) {
      const dues = [wait?.deadline, wait?.wakes?.(), group.alarm?.due];
      for (const due of dues) earliest = Math.min(earliest, due ?? Infinity);
    }
    return earliest === Infinity ? undefined : earliest;
  }

  /** Compare kernel/time/itimer.c:it_real_fn(). */
  private runTimers(): void {
    const { now } = this.clock;
    for (const timer of this.timers) {
      if (timer.due === undefined || timer.due > now) continue;
      timer.expire(now);
      this.activity += 1;
    }
    for (const group of this.groups.values()) {
      const { alarm } = group;
      if (alarm === undefined || alarm.due > now || group.exit !== undefined) continue;
      const missed = alarm.interval === 0 ? 0 : Math.floor((now - alarm.due) / alarm.interval) + 1;
      group.alarm =
        alarm.interval === 0 ? undefined : { ...alarm, due: alarm.due + missed * alarm.interval };
      sendToGroup(this, group, { signal: SIGALRM, code: SI_KERNEL });
    }
  }
}

function expiredResult({ expired }: Blocked): number {
  return expired?.() ?? 0;
}
