import { fstatSync, readSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { EXIT, type ExitCode } from './shell/exit-codes.js';
import { InterruptedError } from './shell/errors.js';
import type { CliIo } from './shell/io.js';

export type Tool = 'cramfs' | 'xip-emu' | 'mkcramfs' | 'fsck.cramfs';

/** Runs a tool as this process: the only place that knows `process`. */
export async function runProcess(tool: Tool): Promise<void> {
  const io = processIo();
  try {
    process.exitCode = await runTool(tool, process.argv.slice(2), io);
  } catch (error) {
    const { reportError } = await import('./shell/report-error.js');
    process.exitCode = reportError(error, tool, io);
  }
  await io.writtenAll();
  // Otherwise Node.js waits until V8 has done all that it has begun in the background: after a large build, 12 ms.
  process.exit();
}

/** Runs a tool with the parts of a process that it may use. @returns the exit code. */
export async function runTool(tool: Tool, argv: readonly string[], io: CliIo): Promise<ExitCode> {
  switch (tool) {
    case 'cramfs':
      return (await import('./cli.js')).runCramfs(argv, io);
    case 'xip-emu':
      return (await import('./cli.js')).runXipEmu(argv, io);
    case 'mkcramfs':
      return (await import('./drop-in/mkcramfs.js')).runMkcramfs(argv, io);
    case 'fsck.cramfs':
      return (await import('./drop-in/fsck.js')).runFsck(argv, io);
  }
}

const STDIN = 0;

interface ProcessIo extends CliIo {
  /** Waits until everything has been written. */
  writtenAll(): Promise<void>;
}

/** Streams are made when they are used: they take 2 ms, and most commands say nothing on standard error. */
function processIo(): ProcessIo {
  let controller: AbortController | undefined;
  const used = new Set<Writable>();
  return {
    get stdin() {
      // Node.js makes an empty stream of a directory; reading it reports EISDIR.
      if (fstatSync(STDIN).isDirectory()) readSync(STDIN, new Uint8Array(1));
      return process.stdin;
    },
    get stdout() {
      used.add(process.stdout);
      return listenedTo(process.stdout);
    },
    get stderr() {
      used.add(process.stderr);
      return listenedTo(process.stderr);
    },
    env: process.env,
    interruptSignal() {
      controller ??= abortOnSignals();
      return controller.signal;
    },
    async writtenAll() {
      for (const stream of used) {
        await new Promise((resolve) => {
          stream.write('', resolve);
        });
      }
    },
  };
}

/** A failed write is reported to its caller; without a listener it would end the process. */
function listenedTo<Stream extends Writable>(stream: Stream): Stream {
  return stream.listenerCount('error') > 0 ? stream : stream.on('error', () => undefined);
}

/** A second signal this much later means that the user does not want to wait for the clean-up. */
const PATIENCE_MS = 2000;

function abortOnSignals(): AbortController {
  const controller = new AbortController();
  let since = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // npx passes on a SIGINT that the terminal has already sent to us: do not count it twice.
      if (!controller.signal.aborted) {
        since = Date.now();
        controller.abort(new InterruptedError(signal));
      } else if (Date.now() - since > PATIENCE_MS) {
        process.exit(EXIT.interrupted);
      }
    });
  }
  return controller;
}
