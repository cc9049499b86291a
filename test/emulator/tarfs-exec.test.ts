/** Programs of this machine, with their loader and libraries, from an archive that is their root. */
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startProgram } from '#xip-emu/exec/start-program.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import { mmOf } from '../helpers/emulator.js';
import { inodeAt, tarfsWorld } from '../helpers/tarfs.js';

const PROGRAM = '/bin/ls';

/** The loader and the libraries of a dynamically linked program of glibc, by their paths. */
function libraries(program: string): string[] {
  const { stdout, error } = spawnSync('ldd', [program], { encoding: 'utf8' });
  if (error !== undefined) return [];
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}

const needed = process.platform === 'linux' ? libraries(PROGRAM) : [];
const usesGlibc = needed.some((path) => path.includes('/ld-linux'));

describe.skipIf(!usesGlibc)('a program of glibc', () => {
  test('chrooted to a tarfs: program, loader and libraries are mapped from the archive', () => {
    const { stdout, status } = spawnSync(
      'tar',
      ['-chf', '-', '-C', '/', ...[PROGRAM, ...needed].map((path) => path.slice(1))],
      { maxBuffer: 2 ** 28 },
    );
    expect(status).toBe(0);
    const { machine, process, tarfs } = tarfsWorld(stdout, { arch: 'x86_64' });
    process.chroot('/tar');
    const child = machine.spawn(process);
    const { objects, missing, killed } = startProgram(child, PROGRAM);
    expect({ missing, killed }).toEqual({ missing: [], killed: undefined });
    expect(objects.map(({ name }) => realpathSync(name)).sort()).toEqual(
      [PROGRAM, ...needed].map((path) => realpathSync(path)).sort(),
    );

    const mm = mmOf(child);
    const files = new Set<string>();
    for (const vma of mm.vmas) {
      if (vma.file === undefined) continue;
      const { path } = vma.file;
      files.add(path);
      expect(path).toMatch(/^\/tar\//);
      expect(inodeAt(tarfs, path.slice('/tar/'.length)).mapping).toBeDefined();
      // Executable pages have the file's content.
      if ((vma.flags & 4) === 0) continue;
      const host = readFileSync(path.slice('/tar'.length));
      const bytes = new Uint8Array((vma.end - vma.start) * PAGE_SIZE);
      expect(child.mm.loadRange(vma.start * PAGE_SIZE, bytes).fault).toBeUndefined();
      const part = host.subarray(vma.pgoff * PAGE_SIZE, vma.pgoff * PAGE_SIZE + bytes.length);
      expect(Buffer.compare(bytes.subarray(0, part.length), part)).toBe(0);
    }
    expect(files.size).toBe(objects.length);
    child.exit();
    expect(tarfs.mapped.size).toBe(0);
    expect(machine.phys.used).toBe(0);
  });
});
