import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { inRepository } from './paths.js';

/*
 * Compiled code that the command line starts with (packages/cli/bin/bundle.js): the functions that V8
 * compiles when the commands run once, with a small image. Functions that are not among them are compiled
 * when they are called, as ever.
 */

/** packages/cli/bin/bundle.js */
interface BundleLoader {
  compile(folder: string): { require(request: './main.cjs'): MainModule; write(): void };
}

/** packages/cli/src/main.ts */
interface MainModule {
  runTool(tool: string, argv: readonly string[], io: Io): Promise<number>;
}

interface Io {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string>>;
  interruptSignal(): AbortSignal;
}

/** What is run, in this order. */
function commandLines(work: string): string[][] {
  const image = join(work, 'sample.img');
  const tree = inRepository('samples/rootfs');
  const program = '/x86_64/bin/hello';
  const large = join(work, 'large');
  mkdirSync(large);
  // With --best enough for threads, and not enough for the flags of V8 to be changed.
  writeFileSync(join(large, 'file'), 'A text that fills pages. '.repeat(60_000));
  writeFileSync(join(large, 'other'), 'Another one, no less long.'.repeat(60_000));
  const cache = join(work, 'cache');
  return [
    ['build', tree, image, '--xip=mmu'],
    ['build', tree, join(work, 'plain.img'), '-D', inRepository('samples/device-table.txt')],
    ['build', large, join(work, 'large.img'), '--best'],
    ['build', tree, join(work, 'cached.img'), '--cache', cache],
    ['build', tree, join(work, 'cached.img'), '--cache', cache],
    ['info', image],
    ['ls', image],
    ['ls', '-lR', image],
    ['tree', image],
    ['stat', image, program],
    ['cat', image, program],
    ['blocks', image, program],
    ['map', image],
    ['map', image, '/x86_64/**'],
    ['mmap', image, program],
    ['exec', image, program],
    ['exec', '--run', image, '/riscv64/bin/crc32sum', program],
    ['exec', '--run', image, '/armhf/bin/crc32sum', program],
    ['check', image],
    ['diff', image, join(work, 'plain.img')],
    ['extract', image, '-C', join(work, 'extracted')],
    ['tar', image],
  ];
}

/** Runs the commands of a bundle and writes what V8 compiled beside it. @throws Error if one fails. */
export async function writeCompiled(folder: string): Promise<void> {
  const loader = createRequire(import.meta.url)(
    inRepository('packages/cli/bin/bundle.js'),
  ) as BundleLoader;
  const bundle = loader.compile(folder);
  const work = mkdtempSync(join(tmpdir(), 'cramfs-compiled-'));
  // What has not been called for some time would be dropped.
  setFlagsFromString('--no-flush-bytecode');
  try {
    const main = bundle.require('./main.cjs');
    for (const argv of commandLines(work)) {
      const said: string[] = [];
      const code = await main.runTool('cramfs', argv, quietIo(said));
      if (code > 1)
        throw new Error(`cramfs ${argv.join(' ')}: exit code ${code}: ${said.join('')}`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
    // V8 compares the flags with those of the process that will use the code.
    setFlagsFromString('--flush-bytecode');
  }
  bundle.write();
}

/** Streams of which only what is said on standard error is kept. */
function quietIo(said: string[]): Io {
  return {
    stdin: Readable.from([]),
    stdout: new Writable({
      write(_chunk, _encoding, done) {
        done();
      },
    }),
    stderr: new Writable({
      write(chunk, _encoding, done) {
        said.push(String(chunk));
        done();
      },
    }),
    env: {},
    interruptSignal: () => new AbortController().signal,
  };
}
