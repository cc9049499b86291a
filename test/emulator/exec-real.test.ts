import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { buildImageBytes, type DirectoryEntry, type FileEntry } from 'mkcramfs';
import { openImage } from 'cramfs-reader';
import { Machine, programCost, type ProgramCost, type StartOptions } from 'xip-emu';
import { afterAll, describe, expect, test } from 'vitest';

/*
 * Programs of this machine, with their loader and libraries in an image, against the real process:
 * /proc/PID/maps, and smaps. Addresses count from the first page of each object, as only these are
 * the same; the kernel that is emulated is a riscv64 one.
 */

const ROM = 0x22000000;
const PAGE = 4096;

/** The loader and the libraries of a dynamically linked program of glibc, by their paths. */
function libraries(program: string): string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
}

const usesGlibc =
  process.platform === 'linux' &&
  process.arch === 'x64' &&
  libraries(process.execPath).some((path) => path.includes('/ld-linux'));
const COMPILER = '/usr/bin/cc';

async function image(paths: readonly string[]): Promise<Uint8Array> {
  const owner = { uid: 0, gid: 0 };
  const newDirectory = () => ({
    ...owner,
    type: 'directory' as const,
    mode: S_IFDIR | 0o755,
    children: new Map<string, DirectoryEntry | FileEntry>(),
  });
  const root = newDirectory();
  for (const path of new Set(paths)) {
    let at = root;
    const names = path.split('/').slice(1);
    const name = names.pop()!;
    for (const directory of names) {
      if (!at.children.has(directory)) at.children.set(directory, newDirectory());
      at = at.children.get(directory) as typeof root;
    }
    const content = readFileSync(path);
    const mode = S_IFREG | 0o755;
    at.children.set(name, {
      ...owner,
      type: 'file',
      mode,
      size: content.length,
      read: () => content,
    });
  }
  const built = await buildImageBytes(root, { xip: { mode: 'mmu' } });
  return built.image;
}

async function emulate(
  program: string,
  needed: readonly string[] = libraries(program),
  options: StartOptions = {},
): Promise<ProgramCost> {
  const cache = ['/etc/ld.so.cache'].filter((path) => existsSync(path));
  const bytes = await image([program, ...needed, ...cache]);
  const size = Math.ceil(bytes.length / PAGE) * PAGE;
  const machine = new Machine({ arch: 'x86_64', roms: [{ address: ROM, size, bytes }] });
  machine.mountCramfs('/', openImage(bytes), ROM);
  return programCost(machine, program, options);
}

interface Area {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  readonly offset: number;
  readonly path: string;
  /** Pages of the process alone. */
  readonly anonymous: number;
}

/** The areas of a real process that waits, once its memory does not change any more. */
async function realAreas(
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Area[]> {
  const child = spawn(program, argv, { stdio: ['pipe', 'ignore', 'ignore'], env });
  try {
    let before = '';
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const now = readFileSync(`/proc/${child.pid!}/smaps`, 'latin1');
      if (now === before && now.includes('[stack]')) return parseSmaps(now);
      before = now;
    }
    throw new Error(`${program} does not come to rest`);
  } finally {
    child.kill('SIGKILL');
  }
}

function parseSmaps(text: string): Area[] {
  return text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).map((part): Area => {
    const [head = ''] = part.split('\n');
    const [, start, end, permissions, offset, path] =
      /^(\w+)-(\w+) (\S+) (\w+) \S+ \d+ *(.*)$/.exec(head)!;
    const [, kilobytes] = /^Anonymous: *(\d+) kB$/m.exec(part) ?? [];
    return {
      start: parseInt(start!, 16),
      end: parseInt(end!, 16),
      permissions: permissions!,
      offset: parseInt(offset!, 16),
      path: path!,
      anonymous: Number(kilobytes) / 4,
    };
  });
}

/** The areas of each file, and the anonymous one right after them, which is its bss. */
function byFile(areas: readonly Area[]): Map<string, Area[]> {
  const files = new Map<string, Area[]>();
  let last: Area | undefined;
  for (const area of areas) {
    const isZeros = area.path === '' && area.permissions === 'rw-p';
    const isBss = isZeros && area.start === last?.end && last.path !== '';
    const path = isBss ? last!.path : existsSync(area.path) ? realpathSync(area.path) : '';
    last = { ...area, path: isBss ? '' : path };
    if (path === '') continue;
    files.set(path, [...(files.get(path) ?? []), area]);
  }
  return files;
}

/** In pages, addresses from the first one of the object. */
function relative(areas: readonly Area[]): string[] {
  const base = areas[0]!.start;
  return areas.map(({ start, end, permissions, offset }) =>
    [start - base, end - base, offset]
      .map((value) => value / PAGE)
      .join(' ')
      .concat(` ${permissions}`),
  );
}

/** Areas of the emulator, the offset that of the file where maps shows the physical one. */
function emulatedAreas({ areas, objects }: ProgramCost): Area[] {
  return areas.map(({ start, end, permissions, offset, path = '', counts }) => {
    const segment = objects
      .flatMap(({ segments }) => segments)
      .find(({ address, memsz }) => address < end && address + memsz > start);
    const isPhysical = offset >= ROM;
    const inFile = isPhysical
      ? Math.floor(segment!.offset / PAGE) * PAGE +
        (start - Math.floor(segment!.address / PAGE) * PAGE)
      : offset;
    const anonymous = (counts?.anonymous ?? 0) / PAGE;
    return { start, end, permissions, offset: inFile, path, anonymous };
  });
}

const work = mkdtempSync(join(tmpdir(), 'exec-'));
afterAll(() => {
  rmSync(work, { recursive: true });
});

describe.skipIf(!usesGlibc)('programs of this machine (needs glibc on x86-64)', () => {
  const programs: readonly (readonly [string, readonly string[]])[] = [
    ['/bin/cat', []],
    ['/usr/bin/sort', []],
    ['/bin/bash', ['-c', 'read line']],
    ['/usr/bin/python3', ['-c', 'import sys; sys.stdin.read()']],
    ['/usr/bin/perl', ['-e', '<STDIN>']],
  ];

  test.each(programs.filter(([path]) => existsSync(path)))(
    '%s is mapped as the real process is',
    async (path, argv) => {
      const program = realpathSync(path);
      const real = byFile(await realAreas(program, argv));
      const cost = await emulate(program);
      expect(cost.started).toMatchObject({ missing: [], killed: undefined });
      const emulated = byFile(emulatedAreas(cost));
      expect(emulated.size).toBe(cost.objects.length);
      for (const [file, areas] of emulated) {
        expect([file, relative(areas)]).toEqual([file, relative(real.get(file)!)]);
      }
    },
  );
});

/** Compiles `code` to the file `name`. @returns its path. */
function compile(compiler: string, name: string, code: string, flags: readonly string[]): string {
  const source = join(work, `${name}.c`);
  writeFileSync(source, code);
  const output = join(realpathSync(work), name);
  const argv = ['-O2', '-o', output, source, ...flags];
  const { status, stderr } = spawnSync(compiler, argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return output;
}

/** The first instruction of the program waits: all that has happened is the loader's work. */
const WAIT =
  'void _start(void) { for (;;) __asm__ volatile("syscall" :: "a"(34) : "rcx", "r11", "memory"); }';

describe.skipIf(!usesGlibc || !existsSync(COMPILER))('with a C compiler', () => {
  test.each([[['-pie', '-fPIE']], [['-no-pie']], [['-Wl,-z,now']], [['-Wl,-z,lazy']]])(
    'the loader writes to the pages that are said to be written to: %j',
    async (flags) => {
      const name = `wait${flags.join('').replace(/\W/g, '')}`;
      const libs = ['-nostartfiles', '-Wl,--no-as-needed', '-lm', '-lc'];
      const program = compile(COMPILER, name, WAIT, [...flags, ...libs]);
      const real = byFile(await realAreas(program, []));
      const cost = await emulate(program);
      for (const { object, atStart } of cost.objects) {
        const areas = real.get(realpathSync(object.path))!;
        // The code of libraries may write to their bss.
        const ofFile = areas.filter(({ path }) => path !== '');
        const anonymous = ofFile.reduce((sum, area) => sum + area.anonymous, 0);
        expect([object.path, atStart.private]).toEqual([object.path, anonymous]);
      }
    },
  );
});

describe.skipIf(!usesGlibc || !existsSync(COMPILER))('the loader itself', () => {
  /** Lengths, protections and, but for what libraries write to, private pages from high to low. */
  function belowLoader(areas: readonly Area[]): string[] {
    const loader = areas.findIndex(({ path }) => path.includes('/ld-'));
    // [vdso] and its data have no names in the report of areas.
    const isKernels = ({ path, permissions }: Area): boolean =>
      path.startsWith('[v') || (path === '' && permissions !== 'rw-p');
    const own = areas.slice(0, loader).filter((area) => !isKernels(area) && area.start > 2 ** 46);
    return own.map(({ start, end, permissions, path, anonymous }, index) => {
      const isBss = path === '' && own[index - 1]?.path !== '' && own[index - 1]?.end === start;
      return `${(end - start) / PAGE} ${permissions} ${basename(path)} ${isBss ? '-' : anonymous}`;
    });
  }

  // 16 libraries are so many that the loader asks for memory more than once.
  test.each([1, 2, 3, 6, 12, 16])(
    'keeps its data in memory of its own: %i libraries',
    async (n) => {
      const names = Array.from({ length: n }, (_, index) => `own${index}`);
      const shared = ['-shared', '-fPIC', '-nostdlib'];
      const libs = names.map((name) =>
        compile(COMPILER, `lib${name}.so`, `int v_${name} = 1;`, shared),
      );
      const link = ['-nostartfiles', '-Wl,--no-as-needed', `-L${realpathSync(work)}`];
      const find = [`-Wl,-rpath,${realpathSync(work)}`, '-lc'];
      const wanted = [...link, ...names.map((name) => `-l${name}`), ...find];
      const program = compile(COMPILER, `own-${n}`, WAIT, wanted);
      const real = await realAreas(program, []);
      const cost = await emulate(program);
      expect(cost.objects).toHaveLength(n + 3);
      expect(libs.every((lib) => cost.objects.some(({ object }) => object.path === lib))).toBe(
        true,
      );
      expect(belowLoader(emulatedAreas(cost))).toEqual(belowLoader(real));
      expect(cost.loaderMemory.atStart).toBeGreaterThan(3);
      expect(cost.loaderMemory.atMost).toBeGreaterThanOrEqual(cost.loaderMemory.atStart);
    },
  );

  // The loader's stack reaches below the data that the kernel puts there.
  test.skipIf(!existsSync(SETARCH)).each([0, 1500, 3000, 5000])(
    'uses the stack: %i bytes of environment',
    async (bytes) => {
      const link = ['-nostartfiles', '-Wl,--no-as-needed', '-lm', '-lc'];
      const program = compile(COMPILER, 'stack', WAIT, link);
      await expectStack(program, libraries(program), bytes);
    },
  );

  test('makes the stack executable for a library that asks for it', async () => {
    for (const [flags, permissions] of [
      [['-Wl,-z,execstack'], 'rwxp'],
      [['-Wl,-z,noexecstack'], 'rw-p'],
    ] as const) {
      const name = permissions;
      const shared = ['-shared', '-fPIC', '-nostdlib', ...flags];
      const library = compile(COMPILER, `lib${name}.so`, `int v = 1;`, shared);
      const link = ['-nostartfiles', '-Wl,--no-as-needed', '-Wl,-z,noexecstack', library, '-lc'];
      const program = compile(COMPILER, `stack-${name}`, WAIT, link);
      const cost = await emulate(program);
      const real = await realAreas(program, []);
      expect(real.find(({ path }) => path === '[stack]')!.permissions).toBe(permissions);
      expect(emulatedAreas(cost).at(-1)!.permissions).toBe(permissions);
    }
  });
});

const SETARCH = '/usr/bin/setarch';

/** Pages of the stack, whose place is not random. */
async function expectStack(
  program: string,
  needed: readonly string[],
  environmentBytes: number,
): Promise<void> {
  const value = 'x'.repeat(environmentBytes);
  const real = await realAreas(SETARCH, ['x86_64', '-R', program], { A: value });
  const cost = await emulate(program, needed, { argv: [program], envp: [`A=${value}`] });
  const pages = real.find(({ path }) => path === '[stack]')!.anonymous;
  expect(emulatedAreas(cost).at(-1)!.anonymous).toBe(pages);
}

const MUSL_COMPILER = '/usr/bin/musl-gcc';
const MUSL_LOADER = '/lib/ld-musl-x86_64.so.1';

describe.skipIf(!existsSync(MUSL_COMPILER) || !existsSync(MUSL_LOADER))('with musl', () => {
  const LIBRARY = `
    static char zeros[20000];
    int data[3000] = { 1 };
    int *pointer = &data[5];
    char *zero(void) { return zeros; }`;
  const USER =
    'extern int *pointer; char *zero(void); int **kept = &pointer; char *(*f)(void) = zero;';

  test.each([[['-pie', '-fPIE']], [['-no-pie']], [['-Wl,-z,now']], [['-Wl,-z,norelro']]])(
    'a program and its library are mapped, and written to, as by its loader: %j',
    async (flags) => {
      const tag = flags.join('').replace(/\W/g, '');
      const library = compile(MUSL_COMPILER, `libdata${tag}.so`, LIBRARY, ['-shared', '-fPIC']);
      const link = ['-nostartfiles', library, `-Wl,-rpath,${realpathSync(work)}`];
      const program = compile(MUSL_COMPILER, `musl${tag}`, `${USER}${WAIT}`, [...flags, ...link]);
      const real = byFile(await realAreas(program, []));
      const cost = await emulate(program, [MUSL_LOADER, library]);
      expect(cost.started).toMatchObject({ missing: [], killed: undefined });
      const emulated = byFile(emulatedAreas(cost));
      expect(emulated.size).toBe(3);
      for (const [file, areas] of emulated) {
        expect([file, relative(areas)]).toEqual([file, relative(real.get(file)!)]);
      }
      for (const { object, atStart } of cost.objects) {
        const path = realpathSync(object.path);
        // The loader's code may write to its own data.
        if (path === realpathSync(MUSL_LOADER)) continue;
        const anonymous = real.get(path)!.reduce((sum, area) => sum + area.anonymous, 0);
        expect([path, atStart.private]).toEqual([path, anonymous]);
      }
    },
  );

  test.skipIf(!existsSync(SETARCH)).each([0, 1000, 2500, 5000])(
    'its loader uses the stack: %i bytes of environment',
    async (bytes) => {
      const library = compile(MUSL_COMPILER, 'libstack.so', LIBRARY, ['-shared', '-fPIC']);
      const link = ['-nostartfiles', library, `-Wl,-rpath,${realpathSync(work)}`];
      const program = compile(MUSL_COMPILER, 'musl-stack', `${USER}${WAIT}`, link);
      await expectStack(program, [MUSL_LOADER, library], bytes);
    },
  );
});
