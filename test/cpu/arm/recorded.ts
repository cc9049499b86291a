import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CODE_BYTES, DATA_BYTES, FLAGS, type State } from './machine.js';
import { randomNumbers, randomState, type Sequence } from './sequences.js';

/** Sequences with what qemu-arm 7.2 made of them. */
const FILE = join(import.meta.dirname, '../../fixtures/cpu/arm-sequences.gz');

/**
 * A record is the seed of the state before, the Thumb bit, the code, and the state after, of which only what
 * has changed is not zero.
 */
const STATE_BYTES = 328;
const RECORD_BYTES = 8 + CODE_BYTES + STATE_BYTES + DATA_BYTES;

export interface Recorded {
  readonly sequence: Sequence;
  readonly after: State;
}

export function readRecorded(): Recorded[] {
  const bytes = new Uint8Array(gunzipSync(readFileSync(FILE)));
  const records: Recorded[] = [];
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    const [seed, thumb] = new Uint32Array(bytes.slice(at, at + 8).buffer);
    const before = randomState(randomNumbers(seed!));
    const code = bytes.slice(at + 8, at + 8 + CODE_BYTES);
    const changes = bytes.slice(at + 8 + CODE_BYTES, at + RECORD_BYTES);
    const names = [`seed ${seed}`];
    records.push({
      sequence: { thumb: thumb === 1, before, code, names },
      after: fromBytes(exclusiveOr(toBytes(before), changes)),
    });
  }
  return records;
}

export function writeRecorded(
  records: readonly { seed: number; sequence: Sequence; after: State }[],
): void {
  const parts = records.map(({ seed, sequence: { thumb, before, code }, after }) =>
    Buffer.concat([
      Buffer.from(Uint32Array.of(seed, thumb ? 1 : 0).buffer),
      code,
      exclusiveOr(toBytes(before), toBytes(after)),
    ]),
  );
  writeFileSync(FILE, gzipSync(Buffer.concat(parts), { level: 9 }));
}

function exclusiveOr(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((value, index) => value ^ other[index]!);
}

/** As host.c's struct state, and the data. */
export function toBytes({ registers, cpsr, fpscr, floats, data }: State): Uint8Array {
  const words = new Uint32Array([...registers, (cpsr & FLAGS) >>> 0, fpscr, 0]);
  const bytes = new Uint8Array(STATE_BYTES + DATA_BYTES);
  bytes.set(new Uint8Array(words.buffer));
  bytes.set(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength), 72);
  bytes.set(data, STATE_BYTES);
  return bytes;
}

export function fromBytes(bytes: Uint8Array): State {
  const copy = Uint8Array.from(bytes);
  const words = new Uint32Array(copy.buffer, 0, 18);
  return {
    registers: words.slice(0, 15),
    cpsr: (words[15]! & FLAGS) >>> 0,
    fpscr: words[16]!,
    floats: new BigUint64Array(copy.buffer, 72, 32).slice(),
    data: copy.slice(STATE_BYTES),
  };
}

/** What differs between two states, a line for each register. */
export function differences(got: State, want: State): string[] {
  const lines: string[] = [];
  const compare = (name: string, a: number | bigint, b: number | bigint): void => {
    if (a !== b) lines.push(`${name}: ${a.toString(16)}, not ${b.toString(16)}`);
  };
  got.registers.forEach((value, index) => {
    compare(`r${index}`, value, want.registers[index]!);
  });
  compare('cpsr', got.cpsr, want.cpsr);
  compare('fpscr', got.fpscr, want.fpscr);
  got.floats.forEach((value, index) => {
    compare(`d${index}`, value, want.floats[index]!);
  });
  got.data.forEach((value, index) => {
    compare(`data[${index}]`, value, want.data[index]!);
  });
  return lines;
}
