import { isFlat } from 'cramfs-elf';
import { bytesToName, nameToText, textToName } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import {
  KernelCorruption,
  UnmodelledError,
  elfArchitecture,
  fileHead,
  isSyscallError,
  programArchitecture,
  type ArchitectureName,
} from 'xip-emu';
import {
  Deadlock,
  ENVIRONMENT,
  FaultLog,
  Timeline,
  isRunnable,
  startFirst,
  type KernelEvents,
  type ProgramArguments,
} from 'xip-cpu/linux';
import { checkKernel, kernelConfig } from '../../../emulator/architecture.js';
import { kernelOfImage } from '../../../emulator/kernel-of-image.js';
import { DEFAULT_PHYS } from '../../../emulator/options.js';
import { lookOf } from '../../../render/look.js';
import { InputError, UsageError } from '../../../shell/errors.js';
import { programExit, type ExitCode } from '../../../shell/exit-codes.js';
import type { CliIo } from '../../../shell/io.js';
import { openImageAndOffset } from '../../../shell/open-image.js';
import { about } from '../../../shell/report-error.js';
import { writeWhole } from '../../../shell/write-whole.js';
import type { ExecArguments } from '../index.js';
import { CommandHost } from './host.js';
import { reportJson } from './json.js';
import { makeExecution, type Execution } from './machine.js';
import { profileText } from './profile.js';
import { reportOf, sampleOf, type RunReport } from './report.js';
import { reportText } from './text.js';

/** How many instructions are executed between two writes of output. */
const TURN = 20_000_000;
/** Exit codes in addition to the program's, as in timeout(1) and shells. */
const STOPPED_BY_LIMIT = 124;
const STOPPED_BY_DIAGNOSIS = 125;
const KILLED = 128;

/** `cramfs exec --run`: executes a program, and then tells what it has used. */
export async function executeCommand(args: ExecArguments, io: CliIo): Promise<ExitCode> {
  const [file, pathText, ...argumentTexts] = args.operands as [string, string?, ...string[]];
  if (pathText === undefined) throw new UsageError('missing argument: PATH');
  if (args.run.length > 1 || args['run-file'] !== undefined || args.compare.length > 0) {
    throw new UsageError('--run without a value executes PATH alone');
  }
  const imageArguments = { ...args, offset: args['image-offset'] };
  const { image, offset } = await openImageAndOffset(file, imageArguments, io, { need: 'linux' });
  return about(file, async () => {
    checkKernel(image, args);
    const path = `/${textToName(pathText).replace(/^\/+/, '')}`;
    const { phys = DEFAULT_PHYS, nommu, seed = 0 } = args;
    const arch = programArchitecture(image, path, args);
    if (!isRunnable(arch)) throw whyNotRunnable(image, path, arch);
    const problems = new Map<string, number>();
    const timeline = new Timeline();
    const events: KernelEvents = {
      ...problemEvents(problems),
      slice: () => {
        timeline.offer(sampleOf(execution));
      },
    };
    const host = new CommandHost(io);
    const wanted = {
      ...{ arch, config: kernelConfig(args), mmu: !nommu, physAddr: phys, seed },
      policy: kernelOfImage(image, args.policy),
      tmpfs: args.tmpfs.map(textToName),
    };
    const execution = await makeExecution(image, wanted, host, events);
    const { machine, board } = execution;
    const { processor } = board;
    const log = new FaultLog(() => ({ instruction: processor.executed, pc: processor.pc }));
    machine.trace.sink = log.take;
    const argv = [path, ...argumentTexts.map(verbatim)];
    const envp = environment([`TERM=${io.env['TERM'] ?? 'dumb'}`, ...args.env]).map(verbatim);
    try {
      const end = await execute(execution, host, { path, argv, envp }, args.limit ?? Infinity);
      const facts = { path, argv, offset, end, timeline, log, problems };
      const report = reportOf(image, execution, facts);
      await writeReport(args, io, report);
      if (args.profile !== undefined) await writeWhole(args.profile, [profileText(report)]);
      return exitOf(end);
    } finally {
      await host.close();
      machine.halt();
    }
  });
}

/** @param arch what the program is taken to be for. @throws CramfsError if there is no such file. */
function whyNotRunnable(image: CramfsImage, path: string, arch: ArchitectureName): InputError {
  const head = fileHead(image, image.lookup(path));
  return elfArchitecture(head) === undefined && !isFlat(head)
    ? new InputError(`${nameToText(path)} is neither ELF nor bFLT: --arch names its processor`)
    : new InputError(`programs for ${arch} cannot be executed`);
}

/** The bytes of a word, whatever its content. */
function verbatim(word: string): string {
  return bytesToName(new TextEncoder().encode(word));
}

/** Environment variables; the last one of a name counts. */
function environment(variables: readonly string[]): string[] {
  const byName = [...ENVIRONMENT, ...variables].map((variable): [string, string] => [
    variable.split('=', 1)[0]!,
    variable,
  ]);
  return [...new Map(byName).values()];
}

function problemEvents(problems: Map<string, number>): KernelEvents {
  const note = (text: string): void => {
    problems.set(text, (problems.get(text) ?? 0) + 1);
  };
  return {
    missingCall: ({ name }, call) => {
      note(`${name}: the system call ${call} is not there: ENOSYS`);
    },
    illegal: ({ name }, { encoding, name: instruction }) => {
      note(`${name}: the processor does not know ${instruction ?? `0x${encoding.toString(16)}`}`);
    },
  };
}

/** Runs the program to its end, with its output written and its input read between turns. */
async function execute(
  { kernel }: Execution,
  host: CommandHost,
  program: ProgramArguments,
  limit: number,
): Promise<RunReport['end']> {
  try {
    startFirst(kernel, program);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw new InputError(`${nameToText(program.path)} cannot be executed: ${error.message}`);
  }
  try {
    for (;;) {
      const until = Math.min(limit, kernel.processor.executed + TURN);
      const end = kernel.run(until);
      await host.flush();
      if (end.kind === 'input') await host.waitForInput();
      else if (end.kind !== 'limit' || until === limit) return end;
    }
  } catch (error) {
    await host.flush();
    if (error instanceof Deadlock) return { kind: 'deadlock', waits: error.waits };
    if (!(error instanceof UnmodelledError) && !(error instanceof KernelCorruption)) throw error;
    const { current, processor } = kernel;
    const command = current?.group.command ?? '';
    return { kind: 'diagnosis', message: error.message, program: command, pc: processor.pc };
  }
}

async function writeReport(args: ExecArguments, io: CliIo, report: RunReport): Promise<void> {
  if (args.quiet && args.report === undefined) return;
  const look = lookOf({ ...io, stdout: io.stderr }, args);
  const text = args.json ? reportJson(report) : reportText(report, look);
  if (args.report !== undefined) {
    await writeWhole(args.report, [text]);
    return;
  }
  await new Promise<void>((resolve) => {
    io.stderr.write(text, () => {
      resolve();
    });
  });
}

function exitOf(end: RunReport['end']): ExitCode {
  switch (end.kind) {
    case 'exited':
      return programExit(end.status);
    case 'killed':
      return programExit(KILLED + end.signal);
    case 'limit':
    case 'input':
    case 'deadlock':
      return programExit(STOPPED_BY_LIMIT);
    case 'diagnosis':
      return programExit(STOPPED_BY_DIAGNOSIS);
  }
}
