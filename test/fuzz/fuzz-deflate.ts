import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inflateSync } from 'node:zlib';
import { BlockDeflater, BlockInflater, DEFLATE_MODULE_SHA256, type Effort } from 'cramfs-deflate';
import { inflate } from 'pako';
import { makeBlock } from './blocks.js';

const USAGE = `usage: npm run fuzz:deflate -- [--count N] [--from N] [--run N] [--real FILE]

Deflates blocks of 0 to 65536 bytes, each with one effort or the other, and inflates them with node:zlib,
pako and cramfs-deflate. No stream may be longer than the block stored, with its headers.

  --count N    blocks to try (default 100000)
  --from N     number of the first one (default 0)
  --run N      number of the run (default 1); other runs have other blocks
  --real FILE  where real blocks come from (default: Node.js)

Exits 1 if there was a failure.
`;

const EFFORTS: readonly Effort[] = ['default', 'best'];
/** Of the zlib header and checksum, and of each stored part of at most 65535 bytes (RFC 1951, 3.2.4). */
const ZLIB_BYTES = 6;
const STORED_BYTES = 5;
const MAX_STORED = 65535;

const deflater = new BlockDeflater();
const inflater = new BlockInflater();

/** @returns what is wrong with the stream that a block becomes; undefined if nothing is. */
export function faultOf(block: Uint8Array, effort: Effort): string | undefined {
  const stream = deflater.compress(block, effort).slice();
  const parts = Math.max(1, Math.ceil(block.length / MAX_STORED));
  if (stream.length > block.length + ZLIB_BYTES + parts * STORED_BYTES) {
    return `${stream.length} bytes of ${block.length}`;
  }
  const inflaters = {
    'node:zlib': () => inflateSync(stream),
    pako: () => inflate(stream),
    'cramfs-deflate': () => inflater.inflate(stream, block.length),
  };
  for (const [name, run] of Object.entries(inflaters)) {
    try {
      if (Buffer.compare(run(), block) !== 0) return `${name} gives other bytes`;
    } catch (error) {
      return `${name}: ${String(error)}`;
    }
  }
  return undefined;
}

/** Tries blocks, and tells on standard output how it went. @returns the exit code. */
function main(): number {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '100000' },
      from: { type: 'string', default: '0' },
      run: { type: 'string', default: '1' },
      real: { type: 'string', default: process.execPath },
      help: { type: 'boolean', default: false },
    },
  });
  const [count, from, run] = [values.count, values.from, values.run].map(Number) as [
    number,
    number,
    number,
  ];
  if (values.help || ![count, from, run].every((number) => Number.isInteger(number))) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  const real = readFileSync(values.real);
  let failures = 0;
  let bytes = 0;
  for (let index = from; index < from + count; index += 1) {
    const block = makeBlock(run, index, real);
    const effort = EFFORTS[index % EFFORTS.length]!;
    const fault = faultOf(block, effort);
    bytes += block.length;
    if (fault === undefined) continue;
    failures += 1;
    process.stdout.write(`run ${run}, block ${index}, ${effort}: ${fault}\n`);
  }
  process.stdout.write(
    `run ${run}, blocks ${from} to ${from + count - 1}, ${bytes} bytes: ${failures} failures ` +
      `(deflate module ${DEFLATE_MODULE_SHA256.slice(0, 12)})\n`,
  );
  return failures > 0 ? 1 : 0;
}

process.exitCode = main();
