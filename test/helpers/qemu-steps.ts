import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPeer, runPeerOk, type PeerName } from './peers.js';

/** The registers before an instruction. */
export interface Step {
  readonly pc: number;
  /** Unsigned; without the pc. */
  readonly registers: readonly bigint[];
  readonly floats: readonly bigint[];
  /** ARM's CPSR and FPSCR; undefined for RISC-V. */
  readonly cpsr?: number;
  readonly fpscr?: number;
}

export interface SteppedProgram {
  readonly argv: readonly string[];
  readonly input?: Uint8Array;
  /** Instructions at these addresses are logged. */
  readonly range: readonly [start: number, end: number];
}

/** The start of an instruction's registers in QEMU's log. */
const HEADS = { arm: /^(?=R00=)/m, riscv: /^(?= pc )/m } as const;

/**
 * Executes a program with a user-mode QEMU, one instruction at a time.
 *
 * @param folder takes the log.
 */
export function stepsOnQemu(
  peer: PeerName,
  { argv, input, range: [start, end] }: SteppedProgram,
  folder: string,
): Step[] {
  const log = join(folder, 'steps.log');
  // The option's name since QEMU 8.1, and before.
  const help = runPeer(peer, ['-h']).stdout.toString();
  const single = help.includes('-one-insn-per-tb') ? '-one-insn-per-tb' : '-singlestep';
  const filter = `0x${start.toString(16)}..0x${(end - 1).toString(16)}`;
  const options = [single, '-d', 'cpu,fpu,nochain', '-dfilter', filter, '-D', log];
  runPeerOk(peer, [...options, ...argv], input && { input });
  const text = readFileSync(log, 'latin1');
  const isArm = text.startsWith('R00=');
  return text
    .split(isArm ? HEADS.arm : HEADS.riscv)
    .filter((part) => part !== '')
    .map(isArm ? armStep : riscvStep);
}

function values(text: string, pattern: RegExp): bigint[] {
  return Array.from(text.matchAll(pattern), ([, digits]) => BigInt(`0x${digits}`));
}

function riscvStep(text: string): Step {
  const [pc] = values(text, /^ pc +(\w+)/g);
  const registers = values(text, /\bx\d+\/\w+ +(\w+)/g);
  return { pc: Number(pc), registers, floats: values(text, /\bf\d+\/\w+ +(\w+)/g) };
}

function armStep(text: string): Step {
  const registers = values(text, /\bR\d\d=(\w+)/g);
  const [cpsr, fpscr] = values(text, /\b(?:PSR=|FPSCR: )(\w+)/g);
  return {
    pc: Number(registers.pop()),
    registers,
    floats: values(text, /\bd\d\d=(\w+)/g),
    cpsr: Number(cpsr),
    fpscr: Number(fpscr),
  };
}

/** The first difference of two runs, in words; undefined: none. */
export function differenceOfSteps(
  ours: readonly Step[],
  theirs: readonly Step[],
): string | undefined {
  const hex = (value: number | bigint | undefined): string => value?.toString(16) ?? 'nothing';
  for (const [index, step] of theirs.entries()) {
    const own = ours[index];
    if (own === undefined) return `${theirs.length} instructions, not ${ours.length}`;
    const before = `instruction ${index}, after 0x${hex(theirs[index - 1]?.pc)}`;
    if (own.pc !== step.pc) return `${before}: pc ${hex(own.pc)}, not ${hex(step.pc)}`;
    for (const kind of ['registers', 'floats'] as const) {
      const at = step[kind].findIndex((value, register) => own[kind][register] !== value);
      if (at < 0) continue;
      return `${before}: ${kind} ${at}: ${hex(own[kind][at])}, not ${hex(step[kind][at])}`;
    }
    for (const kind of ['cpsr', 'fpscr'] as const) {
      if (own[kind] !== step[kind]) {
        return `${before}: ${kind} ${hex(own[kind])}, not ${hex(step[kind])}`;
      }
    }
  }
  return ours.length === theirs.length ? undefined : `${ours.length - theirs.length} more`;
}
