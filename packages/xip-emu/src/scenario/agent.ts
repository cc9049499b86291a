import { SyscallError } from '../errno.js';
import type { Process } from '../process.js';
import type { OpenFile } from '../vfs/file.js';
import type { Mapping, ScenarioOps } from './ops.js';

/** Reads and writes use pieces of this many bytes, like the recording agent's. */
export const PIECE = 65536;

/** What the processes of an agent share. */
export interface AgentHost {
  readonly ops: ScenarioOps;
  /** Continues a CRC-32 over `bytes`, from 0 on. */
  readonly crc32: (bytes: Uint8Array, crc: number) => number;
  /** One piece. */
  readonly buffer: Uint8Array;
}

/**
 * One process of the agent that recorded the kernels, with the files and mappings it has numbered.
 */
export class Agent implements AgentHost {
  readonly ops: ScenarioOps;
  readonly crc32: (bytes: Uint8Array, crc: number) => number;
  readonly buffer: Uint8Array;
  readonly process: Process;
  /** 0 for the first process. */
  readonly number: number;
  readonly files = new Map<number, OpenFile>();
  readonly mappings = new Map<string, Mapping>();

  constructor({ ops, crc32, buffer }: AgentHost, process: Process, number: number) {
    this.ops = ops;
    this.crc32 = crc32;
    this.buffer = buffer;
    this.process = process;
    this.number = number;
  }

  /** fork(2). */
  fork(number: number): Agent {
    const child = new Agent(this, this.ops.machine.fork(this.process), number);
    for (const [fd, file] of this.files) child.files.set(fd, file);
    for (const [id, mapping] of this.mappings) child.mappings.set(id, { ...mapping });
    return child;
  }

  /** The open file of that number. @throws SyscallError EBADF. */
  file(fd: number): OpenFile {
    const file = this.files.get(fd);
    if (file === undefined) throw new SyscallError('EBADF');
    return file;
  }

  /** @returns false if no file of that number is open. */
  close(fd: number): boolean {
    const file = this.files.get(fd);
    if (file === undefined) return false;
    this.files.delete(fd);
    this.process.close(file);
    return true;
  }

  exit(): void {
    this.files.clear();
    this.process.exit();
  }
}

/** A CRC-32 as records write it. */
export function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}
