import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { workerCompressor } from 'mkcramfs/node';

/*
 * Nothing but reading and compressing a corpus, file after file: what no build with this compressor
 * and as many threads can be faster than, unless it finds equal files.
 */
const BLOCK = 4096;
const BATCH = 512 * 1024;
const BATCHES_PER_WORKER = 6;

const root = process.argv[2]!;
const compressor = workerCompressor();
const running = new Set<Promise<unknown>>();
for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const bytes = readFileSync(join(entry.parentPath, entry.name));
  for (let at = 0; at < bytes.length; at += BATCH) {
    const data = new Uint8Array(bytes.subarray(at, at + BATCH));
    const lengths = Array.from({ length: Math.ceil(data.length / BLOCK) }, (_, index) =>
      Math.min(BLOCK, data.length - index * BLOCK),
    );
    const batch = { data, lengths, codec: 'libdeflate-6', keepIncompressible: true } as const;
    const job: Promise<unknown> = compressor.compress(batch).then(() => running.delete(job));
    running.add(job);
    while (running.size >= BATCHES_PER_WORKER * compressor.concurrency) await Promise.race(running);
  }
}
await Promise.all(running);
await compressor.close();
