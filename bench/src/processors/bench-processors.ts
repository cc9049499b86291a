import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runContest, type Contestant } from '../contest.js';
import type { Verdict } from '../targets.js';
import { cramfs } from '../tools.js';
import { benchShortPrograms, judgeShortPrograms, type ShortPrograms } from './short-programs.js';

const SOURCE = fileURLToPath(new URL('../../src/c/processor-loops.c', import.meta.url));

/** An instruction set, how programs for it are made, and the instructions a second that are promised. */
interface Target {
  readonly name: string;
  readonly compiler: string;
  readonly options: readonly string[];
  readonly peer: string;
  readonly millions: number | undefined;
}

const ARM_COMPILER = 'arm-linux-gnueabihf-gcc';
const RISCV_COMPILER = 'riscv64-linux-gnu-gcc';
const TARGETS: readonly Target[] = [
  { name: 'T32', compiler: ARM_COMPILER, options: ['-mthumb'], peer: 'qemu-arm', millions: 80 },
  {
    name: 'A32',
    compiler: ARM_COMPILER,
    options: ['-marm'],
    peer: 'qemu-arm',
    millions: undefined,
  },
  {
    name: 'RV64',
    compiler: RISCV_COMPILER,
    options: ['-march=rv64gc', '-mabi=lp64d', '-Wl,--no-relax'],
    peer: 'qemu-riscv64',
    millions: 150,
  },
  {
    name: 'RV32',
    compiler: RISCV_COMPILER,
    options: ['-march=rv32gc', '-mabi=ilp32d', '-Wl,--no-relax', '-Wl,-melf32lriscv'],
    peer: 'qemu-riscv32',
    millions: 150,
  },
];
/** No library, no vector instructions, and loops stay loops. */
const OPTIONS = ['-O2', '-fno-tree-vectorize', '-fno-tree-loop-distribute-patterns'];
const LINK = ['-static', '-nostdlib', '-Wl,-e,begin'];

export interface ProcessorRow {
  readonly name: string;
  readonly instructions: number;
  /** Without what starting takes. */
  readonly seconds: number;
  /** Of qemu-user; undefined: not installed. */
  readonly peerSeconds: number | undefined;
}

export interface ProcessorReport {
  readonly rows: readonly ProcessorRow[];
  /** Undefined without CRAMFS_BUSYBOX. */
  readonly short: ShortPrograms | undefined;
  readonly targets: readonly Verdict[];
}

/** Times programs of hot loops on our processors, beside qemu-user. */
export async function benchProcessors(
  rounds: number,
  work: string,
  onRun: (text: string) => void,
): Promise<ProcessorReport> {
  const there = TARGETS.filter(({ compiler }) => isInstalled(compiler));
  if (there.length === 0) throw new Error('no cross compiler is installed');
  const root = join(work, 'programs');
  mkdirSync(root);
  for (const target of there) {
    compile(target, join(root, target.name), []);
    compile(target, join(root, `${target.name}-start`), ['-DROUNDS=0']);
  }
  const image = join(work, 'programs.img');
  execFileSync(process.execPath, cramfs('build', '-q', root, image).slice(1));
  const rows: ProcessorRow[] = [];
  for (const target of there)
    rows.push(await measureTarget(target, root, image, rounds, work, onRun));
  const folder = process.env['CRAMFS_BUSYBOX'];
  const short =
    folder === undefined ? undefined : await benchShortPrograms(folder, rounds, work, onRun);
  const loops = there.flatMap(({ name, millions }, index) =>
    millions === undefined ? [] : [judge(name, rows[index]!, millions)],
  );
  const shortTargets = short === undefined ? [] : judgeShortPrograms(short);
  return { rows, short, targets: [...loops, ...shortTargets] };
}

function compile({ compiler, options }: Target, output: string, more: readonly string[]): void {
  execFileSync(compiler, [...OPTIONS, ...options, ...more, ...LINK, SOURCE, '-o', output]);
}

async function measureTarget(
  { name, peer }: Target,
  root: string,
  image: string,
  rounds: number,
  work: string,
  onRun: (text: string) => void,
): Promise<ProcessorRow> {
  const ours = (program: string): Contestant => ({
    tool: program,
    argv: cramfs('exec', '--run', '-q', image, `/${program}`),
  });
  const theirs = (program: string): Contestant => ({
    tool: `${peer} ${program}`,
    argv: [peer, join(root, program)],
  });
  const programs = [name, `${name}-start`];
  const contestants = [...programs.map(ours), ...(isInstalled(peer) ? programs.map(theirs) : [])];
  const results = await runContest({ name, bytes: 0, rounds, contestants }, work, onRun);
  const [loops, start, peerLoops, peerStart] = results.map(({ median }) => median.wall);
  return {
    name,
    instructions: instructionsOf(image, name, work) - instructionsOf(image, `${name}-start`, work),
    seconds: loops! - start!,
    peerSeconds: peerLoops === undefined ? undefined : peerLoops - peerStart!,
  };
}

/** How many instructions a program executes: each run is the same. */
function instructionsOf(image: string, program: string, work: string): number {
  const report = join(work, 'report.json');
  const argv = cramfs('exec', '--run', '--json', '--report', report, image, `/${program}`);
  execFileSync(argv[0]!, argv.slice(1));
  return (JSON.parse(readFileSync(report, 'utf8')) as { instructions: number }).instructions;
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

function millionsOf({ instructions, seconds }: ProcessorRow): number {
  return instructions / seconds / 1e6;
}

function judge(name: string, row: ProcessorRow, limit: number): Verdict {
  const measured = millionsOf(row);
  return {
    target: `${name}: hot loops`,
    measured,
    limit,
    unit: 'million instructions/s',
    pass: measured >= limit,
  };
}

export function formatProcessorReport({ rows, short, targets }: ProcessorReport): string {
  const lines = ['set   instructions  seconds  million/s  qemu-user: seconds  ours / qemu'];
  for (const row of rows) {
    const { name, instructions, seconds, peerSeconds } = row;
    const peer =
      peerSeconds === undefined
        ? '-'
        : `${peerSeconds.toFixed(2).padStart(18)}  ${(seconds / peerSeconds).toFixed(1).padStart(11)}`;
    lines.push(
      `${name.padEnd(5)} ${String(instructions).padStart(12)} ${seconds.toFixed(2).padStart(8)} ` +
        `${millionsOf(row).toFixed(0).padStart(10)}  ${peer}`,
    );
  }
  if (short === undefined) {
    lines.push('BusyBox: not measured, CRAMFS_BUSYBOX names no folder of busybox.sh');
  } else {
    const { first, list, forks } = short;
    lines.push(
      `BusyBox for riscv64: first 60 ms ${first.toFixed(0)} million/s, ` +
        `ls -lR of 400 files ${list.toFixed(2)} s, a shell with 20 forks ${forks.toFixed(2)} s`,
    );
  }
  for (const { target, measured, limit, unit, pass } of targets) {
    if (pass === false)
      lines.push(
        `${target}: ${String(Number(measured!.toPrecision(3)))} ${unit}, not ${limit}: MISSED`,
      );
  }
  return `${lines.join('\n')}\n`;
}
