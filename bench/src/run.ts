import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One process from start to exit. */
export interface Run {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of user and system time, of all threads. */
  readonly cpu: number;
  /** Peak resident set in bytes. */
  readonly peak: number;
}

const GNU_TIME = '/usr/bin/time';
const POLL_MS = 10;
/** Of /proc/PID/stat; USER_HZ is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Runs a program and measures it.
 *
 * Peak memory and CPU time come from GNU time, that is, from wait4(2). It stands between this
 * process and the measured one for a reason: ru_maxrss counts what a process was before execve(2),
 * and a child of ours would start with Node's resident set. Without GNU time, /proc is polled.
 *
 * @param scratch directory for GNU time's output.
 * @throws Error with the program's messages if it does not succeed.
 */
export async function measure(argv: readonly string[], scratch: string): Promise<Run> {
  return existsSync(GNU_TIME) ? measureWithTime(argv, scratch) : measureWithProc(argv);
}

async function measureWithTime(argv: readonly string[], scratch: string): Promise<Run> {
  const output = join(scratch, 'time.txt');
  const wall = await runToEnd([GNU_TIME, '-q', '-f', '%U %S %M', '-o', output, ...argv]);
  const [user = NaN, system = NaN, kibibytes = NaN] = readFileSync(output, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  return { wall, cpu: user + system, peak: kibibytes * 1024 };
}

async function measureWithProc(argv: readonly string[]): Promise<Run> {
  let [cpu, peak] = [0, 0];
  const wall = await runToEnd(argv, (pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
      // The second field, the program's name, may contain blanks.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      cpu = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    } catch {
      // The process has just ended.
    }
  });
  return { wall, cpu, peak };
}

/** @returns seconds. */
async function runToEnd(argv: readonly string[], poll?: (pid: number) => void): Promise<number> {
  const [program = '', ...args] = argv;
  const start = process.hrtime.bigint();
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const timer =
    poll === undefined
      ? undefined
      : setInterval(() => {
          if (child.pid !== undefined) poll(child.pid);
        }, POLL_MS);
  let messages = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages = (messages + text).slice(-4000);
  });
  try {
    return await new Promise((resolve, reject) => {
      let wall = 0;
      child.on('error', reject);
      // The exit stops the clock; 'close' means that all messages have arrived.
      child.on('exit', () => {
        wall = Number(process.hrtime.bigint() - start) / 1e9;
      });
      child.on('close', (code, signal) => {
        if (code === 0) resolve(wall);
        else reject(new Error(`${argv.join(' ')}: ${signal ?? `exit code ${code}`}\n${messages}`));
      });
    });
  } finally {
    clearInterval(timer);
  }
}

/** The middle of an odd number of values, the mean of the two in the middle of an even one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** Median of each quantity by itself. */
export function medianRun(runs: readonly Run[]): Run {
  return {
    wall: median(runs.map(({ wall }) => wall)),
    cpu: median(runs.map(({ cpu }) => cpu)),
    peak: median(runs.map(({ peak }) => peak)),
  };
}
