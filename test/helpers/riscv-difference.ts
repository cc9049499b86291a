import { RiscvProcessor, type Xlen } from 'xip-cpu';
import { FlatRange } from './flat-memory.js';
import { START, dumpLength, type RandomProgram } from './riscv-programs.js';

const SYSTEM_CALL = 17;
const WRITE = 64;
const SIZE = 8 << 20;
/** Registers of a write(2): where the bytes are, and how many. */
const ADDRESS = 11;
const LENGTH = 12;

/** Executes a random program until it writes. @returns what it writes, or why it does not. */
export function runProgram(program: Uint8Array, xlen: Xlen): Uint8Array | string {
  const memory = new FlatRange(START, SIZE);
  memory.bytes.set(program);
  const processor = new RiscvProcessor(memory.linear, xlen);
  processor.use(memory);
  processor.pc = new DataView(program.buffer, program.byteOffset).getUint32(24, true);
  const stop = processor.run(100_000_000);
  if (stop.kind !== 'syscall' || processor.read(SYSTEM_CALL) !== WRITE) {
    return `${JSON.stringify(stop)} at 0x${processor.pc.toString(16)}`;
  }
  const from = processor.readUnsigned(ADDRESS) - START;
  return memory.bytes.slice(from, from + processor.readUnsigned(LENGTH));
}

/** Names of what a sequence puts down, by offset. */
function nameAt(xlen: Xlen, offset: number): string {
  const width = xlen / 8;
  const floats = 31 * width + (xlen === 32 ? 4 : 0);
  if (offset < 31 * width) return `x${Math.floor(offset / width) + 1}`;
  return offset < floats + 256 ? `f${Math.floor((offset - floats) / 8)}` : 'fcsr';
}

/** The first difference of what two runs have put down, in words; undefined: none. */
export function firstDifference(
  { sequences, dumpLength: total }: Pick<RandomProgram, 'sequences' | 'dumpLength'>,
  xlen: Xlen,
  ours: Uint8Array | string,
  theirs: Uint8Array,
): string | undefined {
  if (typeof ours === 'string') return ours;
  const each = dumpLength(xlen);
  const data = total - sequences.length * each;
  for (let at = data; at < total; at += 1) {
    if (ours[at] === theirs[at]) continue;
    const sequence = Math.floor((at - data) / each);
    const [start, end] = sequences[sequence]!;
    const offset = (at - data) % each;
    const from = at - (offset % 8);
    const hex = (bytes: Uint8Array): string =>
      Buffer.from(bytes.slice(from, from + 8))
        .reverse()
        .toString('hex');
    const where = `sequence ${sequence}, 0x${start.toString(16)} to 0x${end.toString(16)}`;
    return `${where}: ${nameAt(xlen, offset)} near ${hex(ours)}, not ${hex(theirs)}`;
  }
  const wrong = ours.findIndex((byte, at) => byte !== theirs[at]);
  return wrong < 0 ? undefined : `memory at ${wrong}`;
}
