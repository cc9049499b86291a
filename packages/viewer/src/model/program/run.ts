import { CramfsError, nameToText, textToName } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import {
  Deadlock,
  ENVIRONMENT,
  FETCHED,
  IN_ROM,
  PageUse,
  READ,
  WRITTEN,
  boardFor,
  bootKernel,
  executionMemory,
  isRunnable,
  mountSystem,
  signalName,
  startFirst,
  type Host,
  type LinuxKernel,
} from 'xip-cpu/linux';
import {
  failureOf,
  failureText,
  mountRoot,
  programArchitecture,
  romMachine,
  type Machine,
} from 'xip-emu';
import type { ProgramRequest } from './explain.js';

/** How pages of a file were used. */
export type PageUseKind = 'none' | 'fetched' | 'read' | 'written';

/** Consecutive pages that were used in the same way. */
export interface UseRun {
  readonly kind: PageUseKind;
  /** Where they were used. */
  readonly inRom: boolean;
  readonly pages: number;
}

export interface FileRun {
  /** Printable. */
  readonly text: string;
  readonly runs: readonly UseRun[];
  readonly used: number;
  readonly inRom: number;
  readonly pages: number;
}

/** A program after some of its instructions. */
export interface RunState {
  readonly executed: number;
  readonly pc: number;
  /** How it has ended; undefined while it runs. */
  readonly end: string | undefined;
  /** Its output, printable; only the end of a long output. */
  readonly output: string;
  readonly files: readonly FileRun[];
  readonly ramPages: number;
  readonly romPages: number;
  readonly processes: number;
}

/** Characters of output that are kept. */
const KEPT_OUTPUT = 64 << 10;

/** The page's terminal: it has no input, and collects the output as text. */
class PageHost implements Host {
  readonly kinds = ['pipe', 'pipe', 'pipe'] as const;
  output = '';
  private readonly decoder = new TextDecoder();

  read(): number {
    return 0;
  }

  write(_stream: 1 | 2, bytes: Uint8Array): void {
    this.output = (this.output + this.decoder.decode(bytes, { stream: true })).slice(-KEPT_OUTPUT);
  }

  windowSize(): { readonly rows: number; readonly columns: number } {
    return { rows: 24, columns: 80 };
  }
}

/** A program that is executed instruction by instruction. The same request runs in the same way each time. */
export class ProgramExecution {
  private readonly machine: Machine;
  private readonly kernel: LinuxKernel;
  private readonly use: PageUse;
  private readonly host: PageHost;
  private end: string | undefined;

  private constructor(machine: Machine, kernel: LinuxKernel, use: PageUse, host: PageHost) {
    this.machine = machine;
    this.kernel = kernel;
    this.use = use;
    this.host = host;
  }

  /** Instructions executed so far. */
  get executed(): number {
    return this.kernel.processor.executed;
  }

  /**
   * Starts a program.
   *
   * The promise is rejected with a CramfsError if no processor executes it, a SyscallError if Linux does not mount the image.
   */
  static async start(image: CramfsImage, request: ProgramRequest): Promise<ProgramExecution> {
    const { path, args, policy, kernel: wanted } = request;
    const arch = programArchitecture(image, path, request);
    if (!isRunnable(arch)) {
      throw new CramfsError('UNSUPPORTED', `programs for ${arch} cannot be executed`);
    }
    const { mmu, physAddr } = wanted;
    const linear = executionMemory(image.bytes.length);
    const board = await boardFor(arch, { linear, mmu, seed: 0 });
    const extra = board.machineOptions(image.blockSize);
    const machine = romMachine(image, { mmu, physAddr, policy, arch, extra });
    mountRoot(machine, image, physAddr);
    const use = new PageUse(machine.pageSize);
    const host = new PageHost();
    const kernel = bootKernel(board, machine, { host, observer: use.observe });
    mountSystem(machine, kernel);
    const execution = new ProgramExecution(machine, kernel, use, host);
    try {
      const envp = [...ENVIRONMENT, 'TERM=dumb'];
      startFirst(kernel, { path, argv: [path, ...args.map(textToName)], envp });
    } catch (error) {
      execution.end = failureText(failureOf(error));
    }
    return execution;
  }

  /** Goes on until the total of instructions is reached, or the program has ended. */
  runTo(instructions: number): void {
    if (this.end !== undefined) return;
    try {
      const stop = this.kernel.run(instructions);
      if (stop.kind === 'exited') this.end = `exit ${stop.status}`;
      else if (stop.kind === 'killed') this.end = signalName(stop.signal);
    } catch (error) {
      this.end = error instanceof Deadlock ? error.message : failureText(failureOf(error));
    }
  }

  state(): RunState {
    const { machine, kernel, use, host, end } = this;
    return {
      executed: this.executed,
      pc: kernel.processor.pc,
      end: end === undefined ? undefined : nameToText(end),
      output: printable(host.output),
      files: use.fileUses().map(({ path, pages }) => fileRun(path, pages)),
      ramPages: machine.phys.used,
      romPages: use.romPages,
      processes: machine.processes.size,
    };
  }

  halt(): void {
    this.machine.halt();
  }
}

/** Control characters other than line ends are shown as in names. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (char) => {
    return char === '\r' ? '' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function fileRun(path: string, uses: ReadonlyMap<number, number>): FileRun {
  const runs: UseRun[] = [];
  const indexes = [...uses.keys()].sort((a, b) => a - b);
  let next = 0;
  let inRom = 0;
  const add = (kind: PageUseKind, rom: boolean, pages: number): void => {
    const last = runs.at(-1);
    if (last?.kind === kind && last.inRom === rom) {
      runs[runs.length - 1] = { ...last, pages: last.pages + pages };
    } else if (pages > 0) runs.push({ kind, inRom: rom, pages });
  };
  for (const index of indexes) {
    const bits = uses.get(index)!;
    const isRom = (bits & IN_ROM) !== 0;
    add('none', false, index - next);
    add(kindOf(bits), isRom, 1);
    if (isRom) inRom += 1;
    next = index + 1;
  }
  return { text: nameToText(path), runs, used: uses.size, inRom, pages: next };
}

function kindOf(bits: number): PageUseKind {
  if ((bits & WRITTEN) !== 0) return 'written';
  if ((bits & FETCHED) !== 0) return 'fetched';
  return (bits & READ) !== 0 ? 'read' : 'none';
}
