import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCramfs, runFsck, runMkcramfs, type CliIo, type ExitCode } from 'cramfs-cli';
import { builtFile } from '../helpers/built.js';

export interface CliResult {
  readonly code: ExitCode;
  readonly stdout: string;
  /** Standard output before it was taken for text. */
  readonly bytes: Uint8Array;
  readonly stderr: string;
}

export interface CliSetting {
  readonly stdin?: Uint8Array | 'terminal';
  readonly env?: Record<string, string>;
  /** Pretend that standard output is a terminal, of so many columns if that is known. */
  readonly terminal?: boolean | number;
  /** What writing to standard output fails with. */
  readonly outputError?: Error;
}

type Main = (argv: readonly string[], io: CliIo) => Promise<ExitCode>;

/** Runs a tool in this process, with its streams captured. */
async function run(
  main: Main,
  argv: readonly string[],
  { stdin = new Uint8Array(0), env = {}, terminal, outputError }: CliSetting,
): Promise<CliResult> {
  const stdout = new Capture(outputError, terminal);
  const stderr = new Capture(undefined, false);
  const io: CliIo = {
    stdin:
      stdin === 'terminal'
        ? Object.assign(new Readable({ read: () => undefined }), { isTTY: true })
        : Readable.from([stdin]),
    stdout,
    stderr,
    env,
    interruptSignal: () => new AbortController().signal,
  };
  const code = await main(argv, io);
  return { code, stdout: stdout.text(), bytes: stdout.bytes(), stderr: stderr.text() };
}

export function cramfs(argv: readonly string[], setting: CliSetting = {}): Promise<CliResult> {
  return run(runCramfs, argv, setting);
}

export function mkcramfs(argv: readonly string[], setting: CliSetting = {}): Promise<CliResult> {
  return run(runMkcramfs, argv, setting);
}

export function fsck(argv: readonly string[], setting: CliSetting = {}): Promise<CliResult> {
  return run(runFsck, argv, setting);
}

/** The JSON that a command printed; the command must not have said anything else. */
export async function cramfsJson(
  argv: readonly string[],
  setting: CliSetting = {},
): Promise<unknown> {
  const { stdout, stderr } = await cramfs([...argv, '--json'], setting);
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

class Capture extends Writable {
  readonly isTTY: boolean | undefined;
  readonly columns: number | undefined;
  private readonly chunks: Buffer[] = [];

  constructor(error: Error | undefined, terminal: boolean | number | undefined) {
    super({
      write: (chunk: Buffer, _encoding, done) => {
        if (error === undefined) this.chunks.push(Buffer.from(chunk));
        done(error);
      },
    });
    this.isTTY = terminal === undefined ? undefined : terminal !== false;
    this.columns = typeof terminal === 'number' ? terminal : undefined;
    // As in a process: the writer gets the error.
    this.on('error', () => undefined);
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks));
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** Path of a tool's launcher: `cramfs`, `mkcramfs` or `fsck.cramfs`. */
export function launcher(tool: string): string {
  builtFile('packages/cli/bundle/main.cjs');
  return fileURLToPath(new URL(`../../packages/cli/bin/${tool}.js`, import.meta.url));
}

export interface ProcessResult {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ProcessSetting {
  readonly input?: Uint8Array;
  /** Options of Node.js, such as the memory that there is. */
  readonly nodeOptions?: readonly string[];
}

/** Runs a tool as a process of its own. */
export function runTool(
  tool: string,
  argv: readonly string[],
  { input, nodeOptions = [] }: ProcessSetting = {},
): ProcessResult {
  const words = [...nodeOptions, launcher(tool), ...argv];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    input: input ?? '',
    maxBuffer: 2 ** 28,
  });
  return { status, stdout, stderr: stderr.toString() };
}

/** Runs a tool and sends it one signal, as soon as `ready` says so. */
export async function interruptTool(
  tool: string,
  argv: readonly string[],
  signal: NodeJS.Signals,
  ready: () => boolean,
): Promise<{ status: number | null; signal: NodeJS.Signals | null; stderr: string }> {
  const child = spawn(process.execPath, [launcher(tool), ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const timer = setInterval(() => {
    if (!ready()) return;
    clearInterval(timer);
    child.kill(signal);
  }, 5);
  const [status, killedBy] = await closed;
  clearInterval(timer);
  return { status, signal: killedBy, stderr };
}
