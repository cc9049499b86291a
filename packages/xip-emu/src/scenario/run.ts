import { AccessFault, SyscallError } from '../errno.js';
import { ExecKilled } from '../exec/point-of-no-return.js';
import { KernelCorruption } from '../kernel-corruption.js';
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import type { MountOptions } from '../vfs/mount.js';
import { Agent, PIECE, type AgentHost } from './agent.js';
import type { MountKind } from './mounts.js';
import type { Fields, ScenarioOps } from './ops.js';
import { ScenarioError } from './scenario-error.js';
import type { EndStatement, ForkStatement, MountStatement, Statement } from './statement.js';

/** One line of a record file. */
export type ScenarioRecord = Readonly<Record<string, unknown>>;

export interface ScenarioOptions {
  /** Called after each operation, with the process that performed it. */
  readonly afterEach?: ((process: Process) => void) | undefined;
}

export interface MountSettings {
  /** Bytes. */
  readonly faultAround: number;
  /** Name of the archive, for the kinds that take one. */
  readonly file: string | undefined;
  /** Options of the mount that relative paths start in. */
  readonly mountOptions: MountOptions | undefined;
}

/** Mounts the image as a `mount` operation says and gives the operations of the machine. */
export interface ScenarioWorld {
  mount(kind: MountKind, settings: MountSettings): ScenarioOps;
  /** Continues a CRC-32 over `bytes`, from 0 on. */
  crc32(bytes: Uint8Array, crc: number): number;
}

/** One page, in bytes: without `tune`, fault-around was off when the kernels were recorded. */
const FAULT_AROUND_OFF = 4096;

/**
 * Runs a scenario and gives the records that the kernel's agent printed. If the kernel would
 * corrupt itself, they end with a `diagnosis` in place of the operation at fault.
 *
 * @throws ScenarioError if the first operation is not a mount; SyscallError if that fails.
 */
export function runScenario(
  statements: readonly Statement[],
  world: ScenarioWorld,
  options: ScenarioOptions = {},
): ScenarioRecord[] {
  const run = new ScenarioRun(world, options);
  try {
    for (const statement of statements) run.perform(statement);
    run.finish();
    return [...run.records];
  } finally {
    run.halt();
  }
}

/** The block of a `fork`: the child, and the process that made it. */
interface Block {
  readonly parent: Agent;
  readonly child: Agent;
}

/** A scenario that is performed statement by statement. */
export class ScenarioRun {
  private readonly world: ScenarioWorld;
  private readonly options: ScenarioOptions;
  private readonly performed: ScenarioRecord[] = [];
  private faultAround = FAULT_AROUND_OFF;
  private host: AgentHost | undefined = undefined;
  /** The live processes, by number. */
  private readonly agents = new Map<number, Agent>();
  private current: Agent | undefined = undefined;
  private readonly blocks: Block[] = [];
  private children = 0;
  /** Blocks that are skipped, because there is no fork() without an MMU. */
  private skipped = 0;
  private isOver = false;

  constructor(world: ScenarioWorld, options: ScenarioOptions = {}) {
    this.world = world;
    this.options = options;
  }

  /** The records so far. */
  get records(): readonly ScenarioRecord[] {
    return this.performed;
  }

  /** True after a diagnosis, and after {@link finish}: nothing more is performed. */
  get over(): boolean {
    return this.isOver;
  }

  /** Undefined until something is mounted. */
  get machine(): Machine | undefined {
    return this.host?.ops.machine;
  }

  /** The process that performs the next statement; undefined until something is mounted. */
  get agent(): Agent | undefined {
    return this.current;
  }

  /** The live processes, oldest first. */
  get processes(): readonly Agent[] {
    return [...this.agents.values()];
  }

  /**
   * Performs a statement, and adds what the agent printed to the records. The blocks of `fork` need not be
   * complete.
   *
   * @throws ScenarioError if the first operation is not a mount, or there is no block to `end`; SyscallError if
   * the mount fails. Nothing has happened then.
   */
  perform(statement: Statement): void {
    if (this.isOver) return;
    if (this.host === undefined) this.prepare(statement);
    else
      this.attempt(() => {
        this.performOn(this.host!, this.current!, statement);
      });
  }

  /** Ends all processes and unmounts everything: the record `scenario-end`. */
  finish(): void {
    const { host } = this;
    if (this.isOver || host === undefined) return;
    this.attempt(() => {
      for (const agent of [...this.agents.values()].reverse()) agent.exit();
      this.add({ op: 'scenario-end', ...host.ops.finish() });
    });
    this.isOver = true;
  }

  /** Turns the machine off. */
  halt(): void {
    this.isOver = true;
    this.machine?.halt();
  }

  private add(record: ScenarioRecord): void {
    this.performed.push(record);
  }

  /** The statements before there is a machine, and the one that makes it. */
  private prepare(statement: Statement): void {
    const { n, cmd, op } = statement;
    if (op === 'tune') this.faultAround = statement.bytes;
    else if (op === 'mount') this.start(statement);
    else throw new ScenarioError(n, 'the first operation is not a mount');
    this.add({ n, p: 0, op, cmd, ret: 'ok' });
  }

  private start({ kind, file, options: mountOptions }: MountStatement): void {
    const { world, faultAround } = this;
    const ops = world.mount(kind, { faultAround, file, mountOptions });
    const crc32 = world.crc32.bind(world);
    this.host = { ops, crc32, buffer: new Uint8Array(PIECE) };
    this.current = new Agent(this.host, ops.machine.spawn(), 0);
    this.current.process.chdir(ops.root);
    this.agents.set(0, this.current);
  }

  /** If the kernel would corrupt itself, the scenario ends with a diagnosis. */
  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof KernelCorruption)) throw error;
      const { kind, kernelFunction, effect, first, second } = error;
      this.add({
        op: 'diagnosis',
        kind,
        function: kernelFunction,
        effect,
        first: first.operation,
        second: second.operation,
      });
      this.isOver = true;
    }
  }

  private performOn({ ops }: AgentHost, agent: Agent, statement: Statement): void {
    const { n, cmd, op } = statement;
    const p = agent.number;
    if (this.skipped > 0) {
      if (op === 'fork') this.skipped += 1;
      if (op === 'end') this.skipped -= 1;
      return;
    }
    ops.before?.(agent.process, `line ${n}: ${cmd}`);
    switch (op) {
      case 'fork':
        this.fork(agent, statement);
        break;
      case 'end':
        this.end(statement);
        break;
      case 'switch':
        this.add({ n, p, op, cmd, ret: this.switchTo(statement.process) });
        break;
      case 'exec':
        this.exec(agent, statement.path, { n, p, op, cmd });
        break;
      case 'mount':
        this.add({ n, p, op, cmd, ret: 'EBUSY' });
        break;
      case 'tune':
        ops.machine.setFaultAround(statement.bytes);
        this.add({ n, p, op, cmd, ret: 'ok' });
        break;
      case 'call': {
        const { word, perform } = statement;
        // Spreading two objects into one would take V8 thirty times as long.
        this.add({ n, p, op: word, cmd, ...resultOf(() => perform(agent)) });
      }
    }
    this.options.afterEach?.(agent.process);
  }

  private fork(agent: Agent, { n, cmd, op }: ForkStatement): void {
    const p = agent.number;
    if (!agent.ops.machine.mmu) {
      this.skipped = 1;
      this.add({ n, p, op, cmd, ret: 'nommu' });
      return;
    }
    this.children += 1;
    const number = this.children;
    const child = agent.fork(number);
    this.blocks.push({ parent: agent, child });
    this.agents.set(number, child);
    this.current = child;
    this.add({ n, p, op, cmd, child: number, ret: 'ok' });
  }

  private end({ n, cmd, op }: EndStatement): void {
    const block = this.blocks.pop();
    if (block === undefined) throw new ScenarioError(n, 'end without fork');
    const { parent, child } = block;
    child.exit();
    this.agents.delete(child.number);
    this.current = parent;
    this.add({ n, p: parent.number, op, cmd, child: child.number, status: 'exit:0' });
  }

  /** @returns ESRCH if there is no such process. */
  private switchTo(number: number): string {
    const agent = this.agents.get(number);
    if (agent === undefined) return 'ESRCH';
    this.current = agent;
    return 'ok';
  }

  private exec(agent: Agent, path: string, head: Fields): void {
    this.add({ ...head, ret: 'start' });
    const tail = { ...head, op: 'exec-end' };
    try {
      const { records, end } = agent.ops.exec(agent.process, path);
      for (const record of records) this.add(record);
      this.add({ ...tail, ...end });
    } catch (error) {
      this.add({ ...tail, ...execFailure(error) });
    }
  }
}

function resultOf(perform: () => Fields): Fields {
  try {
    return perform();
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Fields {
  if (error instanceof SyscallError) return { ret: error.code };
  if (error instanceof AccessFault) return { ret: error.signal, code: error.code };
  throw error;
}

/** The record of an execve() that failed. If it killed the process, the parent sees the signal. */
function execFailure(error: unknown): Fields {
  if (error instanceof ExecKilled || error instanceof AccessFault) {
    return { ret: 'ok', status: `signal:${error.signal}` };
  }
  return failure(error);
}
