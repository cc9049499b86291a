import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadCorpus } from './corpus.js';
import { makeMutant } from './mutant.js';
import type { Failure } from './run-mutant.js';
import { Tally } from './tally.js';
import type { WorkerMessage, WorkerTask } from './worker.js';
import { clearDirectory } from './workspace.js';

export interface FuzzOptions {
  /** Number of the run: other runs have other mutants. */
  readonly run: number;
  readonly from: number;
  readonly count: number;
  readonly workers: number;
}

export interface FuzzReport {
  readonly failures: Failure[];
  /** What happened how often; `mutants` is how many were tried. */
  readonly tally: Readonly<Record<string, number>>;
}

/** Memory where there is some: extractions write little, but often. */
const PARENT = isWritable('/dev/shm') ? '/dev/shm' : tmpdir();
const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
/** JavaScript objects of a worker; what is beyond them is bounded by runMutant(). */
const HEAP_MIB = 384;
/**
 * A worker that has been busy with one mutant at so many looks, a second apart, hangs. Only there to
 * end it: whether a mutant takes too long is a matter of CPU time, and of runMutant(). Looks are
 * counted, not seconds, for a machine may stand still.
 */
const WATCHDOG_LOOKS = 60;
const WATCHDOG_INTERVAL_MS = 1000;

/**
 * Fuzzes in child processes: one that crashes, hangs or runs out of memory is a failure of the
 * mutant it was busy with, and another process goes on with the next one.
 */
export async function fuzz({ run, from, count, workers }: FuzzOptions): Promise<FuzzReport> {
  const work = mkdtempSync(join(PARENT, 'cramfs-fuzz-'));
  const failures: Failure[] = [];
  const tally = new Tally();
  const share = Math.ceil(count / workers);
  const lane = async (number: number): Promise<void> => {
    const end = from + Math.min(count, (number + 1) * share);
    const directory = join(work, `worker-${number}`);
    const progressFile = join(work, `progress-${number}`);
    mkdirSync(directory);
    for (let next = from + number * share; next < end;) {
      const task = { run, from: next, to: end, directory, progressFile };
      const last = await runWorker(task, (message) => {
        if ('failure' in message) failures.push(message.failure);
        else tally.add(message.done);
      });
      clearDirectory(Buffer.from(directory));
      if (last === undefined) return;
      failures.push(describe(run, last));
      next = last.index + 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, (_, number) => lane(number)));
  } finally {
    clearDirectory(Buffer.from(work));
    rmdirSync(work);
  }
  failures.sort((a, b) => a.index - b.index);
  return { failures, tally: tally.toJSON() };
}

/** How a worker came to its end before its time. */
interface Death {
  readonly index: number;
  readonly stage: 'hang' | 'crash';
  readonly message: string;
}

/** Runs a worker; resolves to nothing if it has done its task. */
function runWorker(
  task: WorkerTask,
  onMessage: (message: WorkerMessage) => void,
): Promise<Death | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${HEAP_MIB}`, WORKER, JSON.stringify(task)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let done = false;
    let errors = '';
    createInterface(child.stdout).on('line', (line) => {
      const message = JSON.parse(line) as WorkerMessage;
      done ||= 'done' in message;
      onMessage(message);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-4000);
    });
    const stopWatching = watch(task, () => {
      errors = `busy for ${WATCHDOG_LOOKS} s`;
      child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const hung = stopWatching();
      if (done && code === 0) {
        resolve(undefined);
        return;
      }
      const stage = hung ? 'hang' : 'crash';
      const message = `exit code ${code}, signal ${signal}: ${errors}`;
      resolve({ index: currentMutant(task), stage, message });
    });
  });
}

/**
 * Calls `onHang` once if a worker does not get on.
 *
 * @returns what ends this; it tells whether `onHang` was called.
 */
function watch(task: WorkerTask, onHang: () => void): () => boolean {
  let current = -1;
  let looks = 0;
  let hung = false;
  const timer = setInterval(() => {
    const index = currentMutant(task);
    looks = index === current ? looks + 1 : 0;
    current = index;
    if (looks < WATCHDOG_LOOKS || hung) return;
    hung = true;
    onHang();
  }, WATCHDOG_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    return hung;
  };
}

function currentMutant({ progressFile, from }: WorkerTask): number {
  try {
    const index = Number(readFileSync(progressFile, 'latin1'));
    return Math.max(index, from);
  } catch {
    return from;
  }
}

function describe(run: number, { index, stage, message }: Death): Failure {
  const { seed, steps } = makeMutant(loadCorpus(), run, index);
  return { index, stage, message, seed: seed.name, steps };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
