import { elfFile } from './elf-builder.js';
import { tarItem } from './tar-builder.js';

const PAGE = 4096;
const PT_LOAD = 1;
const PT_INTERP = 3;
const READ_EXECUTE = 5;
const READ = 4;
const DYN = 3;

/** Every byte another than its neighbours, and those a page away. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (seed + at * 7 + (at >> 8) * 13) & 255);
}

/** A position-independent program of two pages; with `interpreter` one that needs a loader. */
function program(seed: number, interpreter?: string): Uint8Array {
  const body = pattern(2 * PAGE, seed);
  const at = 512;
  const load = { type: PT_LOAD, flags: READ_EXECUTE, offset: 0, filesz: body.length };
  if (interpreter === undefined) return elfFile(64, true, [load], body, DYN);
  body.set(Buffer.from(`${interpreter}\0`), at);
  const interp = { type: PT_INTERP, flags: READ, offset: at, filesz: interpreter.length + 1 };
  return elfFile(64, true, [interp, load], body, DYN);
}

/** `test/fixtures/scenarios/tarfs/root.tar`: what the scenarios there are about. */
export function scenarioArchive(): Buffer {
  const parts = [
    tarItem({ name: './', typeflag: '5', mode: 0o755 }),
    tarItem({ name: './file', data: pattern(3 * PAGE + 100, 1) }),
    tarItem({ name: './small', data: 'content of a small file\n' }),
    tarItem({ name: './hard', typeflag: '1', linkname: './small' }),
    tarItem({ name: './soft', typeflag: '2', linkname: 'dir/inner', mode: 0o777 }),
    tarItem({ name: './dir/', typeflag: '5', mode: 0o755 }),
    tarItem({ name: './dir/inner', data: pattern(PAGE, 2) }),
    tarItem({ name: './empty' }),
    tarItem({ name: './bin/', typeflag: '5', mode: 0o755 }),
    tarItem({ name: './bin/program', mode: 0o755, data: program(3, '/lib/ld.so') }),
    tarItem({ name: './lib/', typeflag: '5', mode: 0o755 }),
    tarItem({ name: './lib/ld.so', mode: 0o755, data: program(4) }),
    tarItem({ name: './lib/libc.so', mode: 0o755, data: pattern(5 * PAGE, 5) }),
  ];
  const bytes = Buffer.concat(parts);
  return Buffer.concat([
    bytes,
    Buffer.alloc(Math.ceil((bytes.length + 1024) / 10240) * 10240 - bytes.length),
  ]);
}
