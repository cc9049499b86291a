import { join } from 'node:path';
import { runPeer, runPeerOk } from '../../helpers/peers.js';
import { DATA_BYTES, type State } from './machine.js';
import { fromBytes, toBytes } from './recorded.js';
import type { Sequence } from './sequences.js';

const SOURCE = join(import.meta.dirname, 'host.c');
const STATE_BYTES = 328;
const THUMB = 68;

/** Compiles host.c. @returns the program's path. */
export function buildHost(directory: string): string {
  const program = join(directory, 'host');
  const place = '-Wl,--section-start=.tramp=0x10000000';
  runPeerOk('arm-linux-gnueabihf-gcc', ['-O1', '-static', place, SOURCE, '-o', program]);
  return program;
}

/** What qemu-arm makes of sequences. */
export function runOnQemu(program: string, sequences: readonly Sequence[]): State[] {
  const input = Buffer.concat(sequences.map(record));
  const { stdout, status, signal } = runPeer('qemu-arm', ['-cpu', 'max', program], { input });
  const size = STATE_BYTES + DATA_BYTES;
  const states: State[] = [];
  for (let at = 0; at + size <= stdout.length; at += size) {
    states.push(fromBytes(stdout.subarray(at, at + size)));
  }
  if (states.length < sequences.length) {
    const name = sequences[states.length]!.names.join(', ');
    throw new Error(`qemu-arm ends with ${status ?? signal ?? '?'} at: ${name}`);
  }
  return states;
}

/** A sequence as host.c reads it. */
export function record({ thumb, before, code }: Sequence): Buffer {
  const bytes = toBytes(before);
  bytes[THUMB] = thumb ? 1 : 0;
  return Buffer.concat([bytes.subarray(0, STATE_BYTES), code, before.data]);
}
