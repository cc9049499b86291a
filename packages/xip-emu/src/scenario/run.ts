import { AccessFault, SyscallError } from '../errno.js';
import { ExecKilled } from '../exec/point-of-no-return.js';
import { KernelCorruption } from '../kernel-corruption.js';
import type { Process } from '../process.js';
import { PAGE_SIZE } from '../units.js';
import type { MountOptions } from '../vfs/mount.js';
import { Agent, PIECE, type AgentHost } from './agent.js';
import type { MountKind } from './mounts.js';
import type { Fields, ScenarioOps } from './ops.js';
import { ScenarioError } from './scenario-error.js';
import type { ForkStatement, Statement } from './statement.js';

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

/** Bytes: a page. Without `tune`, fault-around was off when the kernels were recorded. */
const FAULT_AROUND_OFF = 4096;

/**
 * Runs a scenario and gives the records that the kernel's agent printed. Where the kernel would
 * corrupt itself they end with a `diagnosis` in place of the operation that does it.
 *
 * @throws ScenarioError if the first operation is not a mount; SyscallError if that fails.
 */
export function runScenario(
  statements: readonly Statement[],
  world: ScenarioWorld,
  options: ScenarioOptions = {},
): ScenarioRecord[] {
  const records: ScenarioRecord[] = [];
  let faultAround = FAULT_AROUND_OFF;
  for (const [index, statement] of statements.entries()) {
    const { n, cmd } = statement;
    if (statement.op === 'tune') {
      faultAround = statement.bytes;
      records.push({ n, p: 0, op: 'tune', cmd, ret: 'ok' });
    } else if (statement.op === 'mount') {
      const { kind, file, options: mountOptions } = statement;
      const ops = world.mount(kind, { faultAround, file, mountOptions });
      records.push({ n, p: 0, op: 'mount', cmd, ret: 'ok' });
      const crc32 = world.crc32.bind(world);
      const run = new ScenarioRun({ ops, crc32, buffer: new Uint8Array(PIECE) }, records, options);
      try {
        run.runAll(statements.slice(index + 1));
        records.push({ op: 'scenario-end', ...ops.finish() });
      } catch (error) {
        if (!(error instanceof KernelCorruption)) throw error;
        run.diagnose(error);
      } finally {
        ops.machine.halt();
      }
      return records;
    } else {
      throw new ScenarioError(n, 'the first operation is not a mount');
    }
  }
  return records;
}

class ScenarioRun {
  private readonly host: AgentHost;
  private readonly records: ScenarioRecord[];
  private readonly options: ScenarioOptions;
  private children = 0;

  constructor(host: AgentHost, records: ScenarioRecord[], options: ScenarioOptions) {
    this.host = host;
    this.records = records;
    this.options = options;
  }

  runAll(statements: readonly Statement[]): void {
    const { ops } = this.host;
    const agent = new Agent(this.host, ops.machine.spawn(), 0);
    agent.process.chdir(ops.root);
    this.runBlock(agent, statements);
    agent.exit();
  }

  /** The last record of a scenario in which the kernel would go wrong. */
  diagnose({ kind, kernelFunction, effect, first, second }: KernelCorruption): void {
    this.records.push({
      op: 'diagnosis',
      kind,
      function: kernelFunction,
      effect,
      first: first.operation,
      second: second.operation,
    });
  }

  private runBlock(agent: Agent, statements: readonly Statement[]): void {
    for (const statement of statements) {
      this.host.ops.before?.(agent.process, `line ${statement.n}: ${statement.cmd}`);
      this.runStatement(agent, statement);
      this.options.afterEach?.(agent.process);
    }
  }

  private runStatement(agent: Agent, statement: Statement): void {
    const { n, cmd, op } = statement;
    const p = agent.number;
    switch (op) {
      case 'fork':
        this.fork(agent, statement);
        break;
      case 'exec':
        this.exec(agent, statement.path, { n, p, op, cmd });
        break;
      case 'mount':
        this.records.push({ n, p, op, cmd, ret: 'EBUSY' });
        break;
      case 'tune':
        this.host.ops.machine.faultAroundPages = statement.bytes / PAGE_SIZE;
        this.records.push({ n, p, op, cmd, ret: 'ok' });
        break;
      case 'call': {
        const { word, perform } = statement;
        // Two spread objects in one would take V8 thirty times as long.
        this.records.push({ n, p, op: word, cmd, ...resultOf(() => perform(agent)) });
      }
    }
  }

  private fork(agent: Agent, { n, cmd, op, body, end }: ForkStatement): void {
    const p = agent.number;
    if (!this.host.ops.machine.mmu) {
      this.records.push({ n, p, op, cmd, ret: 'nommu' });
      return;
    }
    this.children += 1;
    const number = this.children;
    const child = agent.fork(number);
    this.records.push({ n, p, op, cmd, child: number, ret: 'ok' });
    this.runBlock(child, body);
    child.exit();
    this.records.push({ n: end.n, p, op: 'end', cmd: end.cmd, child: number, status: 'exit:0' });
  }

  private exec(agent: Agent, path: string, head: Fields): void {
    this.records.push({ ...head, ret: 'start' });
    const tail = { ...head, op: 'exec-end' };
    try {
      const { records, end } = this.host.ops.exec(agent.process, path);
      this.records.push(...records, { ...tail, ...end });
    } catch (error) {
      this.records.push({ ...tail, ...execFailure(error) });
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
