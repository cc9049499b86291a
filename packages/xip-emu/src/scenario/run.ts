import { textToName } from 'cramfs-format';
import { AccessFault, SyscallError, invariant } from '../errno.js';
import { ExecKilled } from '../exec/point-of-no-return.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { MAP_ANONYMOUS } from '../memory-map.js';
import type { Process } from '../process.js';
import { PAGE_SIZE } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { Fields, Mapping, RangeOperation, ScenarioOps } from './ops.js';
import { performPathOperation } from './path-ops.js';
import { ScenarioError, type MountKind, type Operation, type Statement } from './parse.js';

/** One line of a record file. */
export type ScenarioRecord = Readonly<Record<string, unknown>>;

export interface ScenarioOptions {
  /** Called after each operation, with the process that performed it. */
  readonly afterEach?: ((process: Process) => void) | undefined;
}

export interface MountSettings {
  readonly faultAround: number;
  /** Name of the archive, for tarfs. */
  readonly file: string | undefined;
}

/** Mounts the image as a `mount` operation says and gives the operations of the machine. */
export interface ScenarioWorld {
  mount(kind: MountKind, settings: MountSettings): ScenarioOps;
  /** Continues a CRC-32 over `bytes`, from 0 on. */
  crc32(bytes: Uint8Array, crc: number): number;
}

/** What an offset in bytes is counted in. */
const OFFSET_SPAN = 2 ** 64;
/** Without `tune`, fault-around was off when the kernels were recorded: a page. */
const FAULT_AROUND_OFF = 4096;
/** read and write go in pieces of this size. */
const PIECE = 65536;

/**
 * Runs a scenario and gives the records that the kernel's agent printed. Where the kernel would
 * corrupt itself they end with a `diagnosis` in place of the operation that does it.
 *
 * @throws ScenarioError if the first operation is no mount; SyscallError if that fails.
 */
export function runScenario(
  statements: readonly Statement[],
  world: ScenarioWorld,
  options: ScenarioOptions = {},
): ScenarioRecord[] {
  const records: ScenarioRecord[] = [];
  let faultAround = FAULT_AROUND_OFF;
  for (const [index, { n, cmd, ...operation }] of statements.entries()) {
    if (operation.op === 'tune') {
      faultAround = operation.bytes;
      records.push({ n, p: 0, op: 'tune', cmd, ret: 'ok' });
    } else if (operation.op === 'mount') {
      const ops = world.mount(operation.kind, { faultAround, file: operation.file });
      records.push({ n, p: 0, op: 'mount', cmd, ret: 'ok' });
      const run = new ScenarioRun(ops, world, records, options);
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

/** The tables of one process of the agent. */
class Agent {
  readonly process: Process;
  readonly number: number;
  readonly files = new Map<number, OpenFile>();
  readonly mappings = new Map<string, Mapping>();

  constructor(process: Process, number: number, parent?: Agent) {
    this.process = process;
    this.number = number;
    if (parent === undefined) return;
    for (const [fd, file] of parent.files) this.files.set(fd, file);
    for (const [id, mapping] of parent.mappings) this.mappings.set(id, { ...mapping });
  }

  exit(): void {
    this.files.clear();
    this.process.exit();
  }
}

class ScenarioRun {
  private readonly ops: ScenarioOps;
  private readonly world: ScenarioWorld;
  private readonly records: ScenarioRecord[];
  private readonly options: ScenarioOptions;
  private readonly buffer = new Uint8Array(PIECE);
  private children = 0;

  constructor(
    ops: ScenarioOps,
    world: ScenarioWorld,
    records: ScenarioRecord[],
    options: ScenarioOptions,
  ) {
    this.ops = ops;
    this.world = world;
    this.records = records;
    this.options = options;
  }

  runAll(statements: readonly Statement[]): void {
    const agent = new Agent(this.ops.machine.spawn(), 0);
    agent.process.chdir(this.ops.root);
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
      const { n, cmd, op } = statement;
      const p = agent.number;
      this.ops.before?.(agent.process, `line ${n}: ${cmd}`);
      if (op === 'fork') this.fork(agent, statement, { n, p, op, cmd });
      else if (op === 'exec') this.exec(agent, statement.path, { n, p, op, cmd });
      // Two spread objects in one would take V8 thirty times as long.
      else this.records.push({ n, p, op, cmd, ...this.perform(agent, statement) });
      this.options.afterEach?.(agent.process);
    }
  }

  private fork(
    agent: Agent,
    { body, end }: Extract<Statement, { op: 'fork' }>,
    head: Fields,
  ): void {
    const { machine } = this.ops;
    if (!machine.mmu) {
      this.records.push({ ...head, ret: 'nommu' });
      return;
    }
    this.children += 1;
    const number = this.children;
    const child = new Agent(machine.fork(agent.process), number, agent);
    this.records.push({ ...head, child: number, ret: 'ok' });
    this.runBlock(child, body);
    child.exit();
    const { n, cmd } = end;
    const p = agent.number;
    this.records.push({ n, p, op: 'end', cmd, child: number, status: 'exit:0' });
  }

  private exec(agent: Agent, path: string, head: Fields): void {
    this.records.push({ ...head, ret: 'start' });
    const tail = { ...head, op: 'exec-end' };
    try {
      const { records, end } = this.ops.exec(agent.process, path);
      this.records.push(...records, { ...tail, ...end });
    } catch (error) {
      this.records.push({ ...tail, ...execFailure(error) });
    }
  }

  private perform(agent: Agent, operation: Exclude<Operation, { op: 'fork' | 'exec' }>): Fields {
    try {
      return this.call(agent, operation);
    } catch (error) {
      return failure(error);
    }
  }

  private call(agent: Agent, operation: Exclude<Operation, { op: 'fork' | 'exec' }>): Fields {
    const { process, files, mappings } = agent;
    const { mm } = process;
    switch (operation.op) {
      case 'mount':
        return { ret: 'EBUSY' };
      case 'tune':
        this.ops.machine.faultAroundPages = operation.bytes / PAGE_SIZE;
        return { ret: 'ok' };
      case 'open': {
        const { fd, path, options } = operation;
        this.close(agent, fd);
        const file = process.open(textToName(path), options);
        files.set(fd, file);
        return { ret: 'ok', size: file.inode.size };
      }
      case 'close':
        return { ret: this.close(agent, operation.fd) ? 'ok' : 'EBADF' };
      case 'mmap': {
        const { id, fd, length, prot, flags, pgoff, address } = operation;
        const file = files.get(fd);
        if (file === undefined && (flags & MAP_ANONYMOUS) === 0) return { ret: 'EBADF' };
        // The recorded program called mmap(2) with bytes, of which 64 bits are left.
        const within = pgoff % (OFFSET_SPAN / PAGE_SIZE);
        const at = mm.mmap({ address, length, prot, flags, pgoff: within, file });
        const mapping = { id, address: at, length, unmapped: false };
        mappings.set(id, mapping);
        return { ret: 'ok', addr: this.ops.addressField(process, mapping) };
      }
      case 'read':
        return this.read(process, files.get(operation.fd), operation);
      case 'write':
        return write(process, files.get(operation.fd), operation);
      case 'maps':
        return this.ops.maps(process);
      case 'pages':
        return this.pages(agent, operation.id);
      case 'touch':
        return this.onRange(agent, operation, (address) => {
          if (!operation.write) return { ret: 'ok', val: mm.load(address) };
          const val = (0xa5 + 31 * operation.page) & 255;
          mm.store(address, val);
          return { ret: 'ok', val };
        });
      case 'sum':
        return this.onRange(agent, operation, (address, mapping) =>
          this.sum(process, mapping.address, address, operation.length),
        );
      case 'munmap':
        return this.onRange(agent, operation, (address, mapping) => {
          mm.munmap(address, operation.length);
          mapping.unmapped = true;
          return { ret: 'ok' };
        });
      case 'mprotect':
        return this.onRange(agent, operation, (address) => {
          mm.mprotect(address, operation.length, operation.prot);
          return { ret: 'ok' };
        });
      case 'madvise':
        return this.onRange(agent, operation, (address) => {
          mm.madvise(address, operation.length, operation.advice);
          return { ret: 'ok' };
        });
      case 'msync':
        return this.onRange(agent, operation, (address) => {
          mm.msync(address, operation.length, operation.flags);
          return { ret: 'ok' };
        });
      case 'mincore':
        return this.onRange(agent, operation, (address, { length }) => ({
          ret: 'ok',
          vec: mm.mincore(address, length).join(''),
        }));
      case 'truncate':
      case 'fsync':
      case 'sync':
      case 'stat':
      case 'unlink':
      case 'mkdir':
      case 'rmdir':
      case 'chdir':
      case 'chroot':
      case 'link':
      case 'symlink':
      case 'rename':
      case 'remount':
        return performPathOperation(this.ops.machine, process, files, operation);
      case 'mremap':
        return this.onRange(agent, operation, (_, mapping) => {
          const { length, flags, newAddress } = operation;
          const from = mapping.address;
          const address = mm.mremap(from, mapping.length, length, flags, newAddress);
          const moved = { ...mapping, address, length };
          mappings.set(mapping.id, moved);
          return { ret: 'ok', addr: this.ops.addressField(process, moved) };
        });
    }
  }

  /** Performs an operation on the addresses of an ID, unless the agent would not. */
  private onRange(
    { process, mappings }: Agent,
    operation: Extract<Operation, { op: RangeOperation }>,
    perform: (address: number, mapping: Mapping) => Fields,
  ): Fields {
    const mapping = mappings.get(operation.id);
    if (mapping === undefined) return { ret: 'no-such-id' };
    const { op } = operation;
    const { offset, length } = rangeOf(operation, mapping);
    const write = op === 'touch' && operation.write;
    const skip = this.ops.skip(process, { op, mapping, offset, length, write });
    if (skip !== undefined) return { ret: skip };
    return perform(mapping.address + offset, mapping);
  }

  private pages({ process, mappings }: Agent, id: string | undefined): Fields {
    if (id === undefined) {
      const all: Record<string, unknown> = {};
      for (const mapping of mappings.values()) {
        all[mapping.id] = this.ops.pagesOf(process, mapping);
      }
      return { all };
    }
    const mapping = mappings.get(id);
    return mapping === undefined ? { ret: 'no-such-id' } : this.ops.pages(process, mapping);
  }

  /** @param base what the offset of a fault counts from. */
  private sum({ mm }: Process, base: number, address: number, length: number): Fields {
    const { buffer, world } = this;
    let crc = 0;
    for (let done = 0; done < length;) {
      const piece = buffer.subarray(0, Math.min(buffer.length, length - done));
      const { loaded, fault } = mm.loadRange(address + done, piece);
      if (fault !== undefined) {
        return { ret: fault.signal, code: fault.code, at: fault.address - base };
      }
      invariant(loaded === piece.length, 'a load that neither ended nor faulted');
      crc = world.crc32(piece, crc);
      done += loaded;
    }
    return { ret: 'ok', crc: hex8(crc) };
  }

  private read(
    process: Process,
    file: OpenFile | undefined,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): Fields {
    if (file === undefined) return { ret: 'EBADF' };
    const { buffer, world } = this;
    let crc = 0;
    let got = 0;
    while (got < length) {
      const piece = buffer.subarray(0, Math.min(buffer.length, length - got));
      let count: number;
      try {
        count = process.pread(file, offset + got, piece);
      } catch (error) {
        if (got === 0) throw error;
        break;
      }
      crc = world.crc32(piece.subarray(0, count), crc);
      got += count;
      if (count < piece.length) break;
    }
    return { ret: 'ok', got, crc: hex8(crc) };
  }

  private close({ process, files }: Agent, fd: number): boolean {
    const file = files.get(fd);
    if (file === undefined) return false;
    files.delete(fd);
    process.close(file);
    return true;
  }
}

function rangeOf(
  operation: Extract<Operation, { op: RangeOperation }>,
  mapping: Mapping,
): { offset: number; length: number } {
  switch (operation.op) {
    case 'touch':
      return { offset: operation.page * PAGE_SIZE, length: 1 };
    case 'mincore':
    case 'mremap':
      return { offset: 0, length: mapping.length };
    case 'sum':
    case 'munmap':
    case 'mprotect':
    case 'madvise':
    case 'msync':
      return { offset: operation.offset, length: operation.length };
  }
}

function failure(error: unknown): Fields {
  if (error instanceof SyscallError) return { ret: error.code };
  if (error instanceof AccessFault) return { ret: error.signal, code: error.code };
  throw error;
}

/** Of an execve() that killed the process the parent sees the signal. */
function execFailure(error: unknown): Fields {
  if (error instanceof ExecKilled || error instanceof AccessFault) {
    return { ret: 'ok', status: `signal:${error.signal}` };
  }
  return failure(error);
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function write(
  process: Process,
  file: OpenFile | undefined,
  operation: Extract<Operation, { op: 'write' }>,
): Fields {
  if (file === undefined) return { ret: 'EBADF' };
  const { offset, length, seed } = operation;
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) {
    const at = offset + index;
    bytes[index] = (seed * 131 + 7 * at + 13 * Math.floor(at / 256)) & 255;
  }
  let put = 0;
  while (put < length) {
    const piece = bytes.subarray(put, put + PIECE);
    const count = process.pwrite(file, offset + put, piece);
    put += count;
    if (count < piece.length) break;
  }
  return { ret: 'ok', put };
}
