import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseElf } from 'cramfs-elf';
import { buildImageBytes, type TreeEntry } from 'mkcramfs';
import type { RunnableArchitecture } from 'xip-cpu/linux';
import { directory, file, symlink } from './trees.js';

/*
 * Small programs, each with something else that its loader has to do, compiled for one of several C
 * libraries.
 */

/** A compiler with a C library, and the loader and libraries of it. */
export interface Toolchain {
  readonly name: string;
  readonly arch: RunnableArchitecture;
  readonly libc: 'glibc' | 'musl';
  readonly compiler: string;
  /** Its path in images. */
  readonly loader: string;
  /** What every image gets: paths, and the files of this machine that are there. */
  readonly files: Readonly<Record<string, string>>;
  /** Where the loader looks for libraries. */
  readonly libraryDirectory: string;
  /** Arguments of the compiler for a program of these objects, and for a library. */
  readonly program: (objects: readonly string[], flags: readonly string[]) => string[];
  readonly library: (objects: readonly string[], flags: readonly string[]) => string[];
  readonly compile: readonly string[];
  /** In front of the program: its entry, where that of the C library cannot be linked. */
  readonly start?: string;
}

/** A library of a program: `libNAME.so`. */
export interface LibrarySource {
  readonly name: string;
  readonly code: string;
  readonly flags?: readonly string[];
  /** Other libraries that it is linked with. */
  readonly needs?: readonly string[];
}

export interface ProgramSource {
  readonly name: string;
  readonly code: string;
  /** Of the compiler and linker. */
  readonly flags?: readonly string[];
  readonly libraries?: readonly LibrarySource[];
  /** Which of the libraries it is linked with; default all. */
  readonly needs?: readonly string[];
  /** Further files of the image: links to libraries. */
  readonly links?: Readonly<Record<string, string>>;
  readonly envp?: readonly string[];
  readonly argv?: readonly string[];
  readonly only?: (toolchain: Toolchain) => boolean;
  /** The function whose start is compared, for a program that relocates itself; default: its entry. */
  readonly comparedAt?: string;
}

const MAIN = '#include <unistd.h>\nint main(void) { return write(1, "ok\\n", 3) != 3; }\n';
const DATA = 'int data[3000] = { 1 }; int zeros[3000];\n';
/** Functions and data of a library, with the suffix `x`. */
const lib = (x: string): string =>
  `int data_${x}[2000] = { 1 }; int zeros_${x}[2000];\n` +
  `int *const pointer_${x} = &data_${x}[1500]; int *moved_${x}[600] = { data_${x} };\n` +
  `int use_${x}(void) { return *pointer_${x} + zeros_${x}[5] + (moved_${x}[0] != 0); }\n`;
const call = (...names: string[]): string =>
  names.map((x) => `extern int use_${x}(void);\n`).join('') +
  `#include <unistd.h>\nint main(void) { return write(1, "ok\\n", 3) != 3 || ${names
    .map((x) => `use_${x}() < 0`)
    .join(' || ')}; }\n`;
const TEN = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const A: LibrarySource = { name: 'a', code: lib('a') };
/** WORD: the assembler's directive for a pointer. */
const word = (code: string): string =>
  `#if __SIZEOF_POINTER__ == 8\n#define WORD ".dword"\n#else\n#define WORD ".word"\n#endif\n${code}`;

/** Each is the name of a row of the table in docs/emulator.md. */
export const PROGRAMS: readonly ProgramSource[] = [
  {
    name: 'static',
    code: DATA + MAIN,
    flags: ['-static', '-no-pie'],
    only: ({ start }) => start === undefined,
  },
  {
    name: 'static PIE',
    code: DATA + MAIN,
    flags: ['-static', '-fPIE', '-Wl,-pie,--no-dynamic-linker,-z,text'],
    only: ({ libc, start }) => libc === 'musl' && start === undefined,
    comparedAt: '__libc_start_main',
  },
  { name: 'PIE', code: DATA + MAIN },
  { name: 'no PIE', code: DATA + MAIN, flags: ['-no-pie', '-fno-pie'] },
  {
    name: '-z now',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,-z,now'] }],
    flags: ['-Wl,-z,now'],
  },
  {
    name: '-z lazy',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,-z,lazy'] }],
    flags: ['-Wl,-z,lazy'],
  },
  {
    name: '-z norelro',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,-z,norelro'] }],
    flags: ['-Wl,-z,norelro'],
  },
  {
    name: '-z relro, -z now',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,-z,relro,-z,now'] }],
    flags: ['-Wl,-z,relro,-z,now'],
  },
  {
    name: '-z separate-code',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,-z,separate-code'] }],
    flags: ['-Wl,-z,separate-code'],
  },
  {
    name: '-z noseparate-code',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,-z,noseparate-code'] }],
    flags: ['-Wl,-z,noseparate-code'],
  },
  {
    name: 'max-page-size=65536',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,-z,max-page-size=65536'] }],
    flags: ['-Wl,-z,max-page-size=65536'],
  },
  {
    name: 'hash-style=sysv',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,--hash-style=sysv'] }],
    flags: ['-Wl,--hash-style=sysv'],
  },
  {
    name: 'hash-style=gnu',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,--hash-style=gnu'] }],
    flags: ['-Wl,--hash-style=gnu'],
  },
  {
    name: 'copy relocation',
    code: `extern int data_a[2000];\n#include <unistd.h>\nint main(void) { return write(1, "ok\\n", 3) != 3 || data_a[0] != 1; }\n`,
    libraries: [A],
    flags: ['-no-pie', '-fno-pie'],
  },
  {
    name: 'chain of libraries',
    code: call('a', 'b'),
    libraries: [
      { name: 'd', code: lib('d') },
      {
        name: 'c',
        code: `extern int use_d(void); int c2(void) { return use_d(); }\n${lib('c')}`,
        needs: ['d'],
      },
      {
        name: 'b',
        code: `extern int use_d(void); int b2(void) { return use_d(); }\n${lib('b')}`,
        needs: ['d'],
      },
      {
        name: 'a',
        code: `extern int use_c(void); int a2(void) { return use_c(); }\n${lib('a')}`,
        needs: ['c'],
      },
    ],
    needs: ['a', 'b'],
  },
  {
    name: 'ten libraries',
    code: call(...TEN),
    libraries: TEN.map((name) => ({ name, code: lib(name) })),
  },
  {
    name: 'one library by two names',
    code: call('a', 'b'),
    libraries: [
      { name: 'a', code: lib('a') + lib('b'), flags: ['-Wl,-soname,libother.so'] },
      { name: 'b', code: lib('b'), flags: ['-Wl,-soname,libxb.so'] },
    ],
    links: { 'libother.so': 'libxa.so', 'libxb.so': 'libxa.so' },
  },
  {
    name: 'text relocations',
    code: call('a'),
    libraries: [
      {
        name: 'a',
        code: word(
          `${lib('a')}__asm__(".text\\n.balign 8\\n" WORD " data_a\\n.fill 9000\\n.balign 8\\n" WORD " data_a\\n");\n`,
        ),
        flags: ['-Wl,-z,notext', '-Wl,-Bsymbolic'],
      },
    ],
  },
  {
    name: 'IFUNC',
    code: call('a'),
    libraries: [
      {
        name: 'a',
        code:
          `${lib('a')}static int one(void) { return 1; }\n__attribute__((used)) void *resolve(void) { return one; }\n` +
          `__asm__(".globl chosen\\n.type chosen, %gnu_indirect_function\\n.set chosen, resolve\\n");\n` +
          `extern int chosen(void); int go(void) { return chosen(); }\n`,
      },
    ],
    only: ({ libc }) => libc === 'glibc',
  },
  {
    name: 'TLS, initial exec',
    code: call('a'),
    libraries: [
      {
        name: 'a',
        code: `${lib('a')}__thread int t[100] = { 1 }; int get(void) { return t[7]++; }\n`,
        flags: ['-ftls-model=initial-exec'],
      },
    ],
  },
  {
    name: 'TLS, general dynamic',
    code: `__thread int m = 5;\n${call('a', 'b')}`,
    libraries: [
      {
        name: 'a',
        code: `${lib('a')}__thread int t[100] = { 1 }; int get_a(void) { return t[7]++; }\n`,
      },
      { name: 'b', code: `${lib('b')}__thread int u[100]; int get_b(void) { return u[7]++; }\n` },
    ],
  },
  {
    name: 'TLS, 200 KB',
    code: `__thread int m[20000] = { 5 };\n${call('a')}`,
    libraries: [
      { name: 'a', code: `${lib('a')}__thread int t[30000]; int get_a(void) { return t[7]++; }\n` },
    ],
  },
  {
    name: 'TLS, 5 KB',
    code: `__thread int m[1000] = { 5 };\n${call('a')}`,
    libraries: [
      { name: 'a', code: `${lib('a')}__thread int t[300]; int get_a(void) { return t[7]++; }\n` },
    ],
  },
  {
    name: 'TLS, 20 KB',
    code: `__thread int m[1000] = { 5 };\n${call('a')}`,
    libraries: [
      { name: 'a', code: `${lib('a')}__thread int t[4000]; int get_a(void) { return t[7]++; }\n` },
    ],
  },
  {
    name: 'TLS, aligned to 4096',
    code: `__thread int m = 5;\n${call('a')}`,
    libraries: [
      {
        name: 'a',
        code: `${lib('a')}__thread _Alignas(4096) int t[300] = { 1 }; int get_a(void) { return t[7]++; }\n`,
      },
    ],
  },
  {
    name: 'constructors',
    code: `${DATA}__attribute__((constructor)) void begin(void) { data[10] = 2; }\n${call('a')}`,
    libraries: [
      {
        name: 'a',
        code: `${lib('a')}__attribute__((constructor)) void begin(void) { data_a[1200] = 2; zeros_a[1200] = 3; }\n`,
      },
    ],
  },
  {
    name: 'LD_PRELOAD',
    code: MAIN,
    libraries: [A],
    needs: [],
    envp: ['LD_PRELOAD=libxa.so'],
  },
  {
    name: 'LD_LIBRARY_PATH',
    code: call('a'),
    libraries: [A],
    envp: ['LD_LIBRARY_PATH=/opt:/lib'],
  },
  {
    name: '$ORIGIN',
    code: call('a'),
    libraries: [A],
    flags: ['-Wl,-rpath,$ORIGIN/../lib'],
  },
  {
    name: 'versions',
    code: call('a'),
    libraries: [{ ...A, flags: ['-Wl,--default-symver'] }],
  },
  { name: 'zeros of 1 MB', code: `int zeros[300000];\n${MAIN}` },
  {
    name: 'long arguments',
    code: MAIN,
    argv: ['/bin/p', 'x'.repeat(9000)],
    envp: ['A=' + 'y'.repeat(5000)],
  },
  { name: 'executable stack', code: call('a'), libraries: [{ ...A, flags: ['-Wl,-z,execstack'] }] },
  { name: 'stripped', code: call('a'), libraries: [{ ...A, flags: ['-s'] }], flags: ['-s'] },
  {
    name: 'libm',
    code: `#include <math.h>\nvolatile double x = 2;\n#include <unistd.h>\nint main(void) { return write(1, "ok\\n", 3) != 3 || sqrt(x) + sin(x) > 3; }\n`,
    flags: ['-Wl,--no-as-needed', '-lm'],
  },
];

/** A program in an image. */
export interface CompiledProgram {
  readonly image: Uint8Array;
  /** The instruction before which it is compared, as the file has it. */
  readonly start: number;
  /** It is loaded at another address than the file has. */
  readonly isMoved: boolean;
}

/** Compiles a program with its libraries, and makes an image of them, text in place. */
export async function compileProgram(
  { compiler, compile, start = '', program, library, files, libraryDirectory }: Toolchain,
  source: ProgramSource,
  work: string,
): Promise<CompiledProgram> {
  mkdirSync(work, { recursive: true });
  const run = (argv: readonly string[]): void => {
    execFileSync(compiler, argv, { cwd: work, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const libraries: Record<string, TreeEntry> = {};
  const { flags = [], needs, links = {} } = source;
  const libs = (names: readonly string[]): string[] => names.map((name) => `libx${name}.so`);
  for (const { name, code, flags: own = [], needs: others = [] } of source.libraries ?? []) {
    const [c, o, so] = [`libx${name}.c`, `libx${name}.o`, `libx${name}.so`];
    writeFileSync(join(work, c), code);
    run([...compile, '-fPIC', ...own.filter((flag) => flag.startsWith('-f')), '-c', c, '-o', o]);
    run(library([o, ...libs(others)], ['-o', so, `-Wl,-soname,${so}`, ...own]));
    libraries[so] = file(readFileSync(join(work, so)), { mode: 0o755 });
  }
  writeFileSync(join(work, 'p.c'), start + source.code);
  const pie = flags.includes('-no-pie') ? [] : ['-fPIE'];
  run([
    ...compile,
    ...pie,
    ...flags.filter((flag) => flag.startsWith('-f')),
    '-c',
    'p.c',
    '-o',
    'p.o',
  ]);
  const linked = libs(needs ?? (source.libraries ?? []).map(({ name }) => name));
  run(program(['p.o', ...linked], ['-o', 'p', '-Wl,-rpath-link,.', ...flags]));
  const tree: Record<string, TreeEntry> = { proc: directory({}) };
  for (const [path, from] of Object.entries(files))
    put(tree, path, file(readFileSync(from), { mode: 0o755 }));
  for (const [name, entry] of Object.entries(libraries))
    put(tree, `${libraryDirectory}/${name}`, entry);
  for (const [name, to] of Object.entries(links))
    put(tree, `${libraryDirectory}/${name}`, symlink(to));
  put(tree, '/bin/p', file(readFileSync(join(work, 'p')), { mode: 0o755 }));
  const { image } = await buildImageBytes(directory(tree), { xip: { mode: 'mmu' } });
  const elf = parseElf(readFileSync(join(work, 'p')))!;
  const { comparedAt } = source;
  const vaddr =
    comparedAt === undefined ? elf.entry : symbol(compiler, join(work, 'p'), comparedAt);
  // The lowest bit of an address in ARM's code says which instructions are there.
  return { image, start: vaddr - (vaddr % 2), isMoved: elf.type === 'dyn' };
}

function symbol(compiler: string, program: string, name: string): number {
  const nm = compiler.replace(/gcc$/, 'nm');
  const symbols = execFileSync(nm, [program], { encoding: 'utf8' });
  return parseInt(new RegExp(`^([0-9a-f]+) . ${name}$`, 'm').exec(symbols)![1]!, 16);
}

function put(tree: Record<string, TreeEntry>, path: string, entry: TreeEntry): void {
  const [name, ...rest] = path.split('/').filter((part) => part !== '');
  if (rest.length === 0) {
    tree[name!] = entry;
    return;
  }
  const below = tree[name!];
  const children = below?.type === 'directory' ? Object.fromEntries(below.children) : {};
  put(children, rest.join('/'), entry);
  tree[name!] = directory(children);
}

/** Debian's cross compilers, with their glibc. */
export function glibcToolchain(arch: 'riscv64' | 'arm'): Toolchain {
  const [triple, loader] =
    arch === 'riscv64'
      ? ['riscv64-linux-gnu', 'ld-linux-riscv64-lp64d.so.1']
      : ['arm-linux-gnueabihf', 'ld-linux-armhf.so.3'];
  const from = `/usr/${triple}/lib`;
  const names = [loader, 'libc.so.6', 'libm.so.6'];
  return {
    name: `glibc ${arch}`,
    arch,
    libc: 'glibc',
    compiler: `${triple}-gcc`,
    loader: `/lib/${loader}`,
    files: Object.fromEntries(names.map((name) => [`/lib/${name}`, join(from, name)])),
    libraryDirectory: '/lib',
    compile: ['-O2'],
    program: (objects, flags) => [...objects, ...flags],
    library: (objects, flags) => ['-shared', ...objects, ...flags],
  };
}

/** What crt1.o does: Debian's is for a linker that is newer than that of its cross compiler. */
const RISCV_START = `__asm__(".globl _start\\n_start:\\n.option push\\n.option norelax\\n"
"lla gp, __global_pointer$\\n.option pop\\nlla a0, main\\nld a1, 0(sp)\\naddi a2, sp, 8\\n"
"li a3, 0\\nli a4, 0\\nli a5, 0\\nandi sp, sp, -16\\ntail __libc_start_main\\n");
`;

/**
 * musl of Debian's packages, with the same compilers. Neither needs to be there before it is used: tests
 * that are skipped are collected, too.
 *
 * @param trees what musl-trees.sh has made.
 */
export function muslToolchain(arch: 'riscv64' | 'arm', trees: string): Toolchain {
  const [triple, gnu, short] =
    arch === 'riscv64'
      ? ['riscv64-linux-musl', 'riscv64-linux-gnu', 'riscv64']
      : ['arm-linux-musleabihf', 'arm-linux-gnueabihf', 'armhf'];
  const tree = join(trees, short);
  const lib = join(tree, 'usr/lib', triple);
  const include = join(tree, 'usr/include', triple);
  const shared = (): string =>
    [join(tree, 'lib', triple, 'libc.so'), join(lib, 'libc.so')].find((path) => existsSync(path))!;
  // It has no DT_SONAME: a path would be its name.
  const fromShared = (): string[] => [`-L${dirname(shared())}`, '-lc'];
  const loader = `/lib/ld-musl-${short}.so.1`;
  const libgcc = (): string =>
    execFileSync(`${gnu}-gcc`, ['-print-libgcc-file-name'], { encoding: 'utf8' }).trim();
  const at = (name: string): string => join(lib, name);
  const isStatic = (flags: readonly string[]): boolean => flags.includes('-static');
  return {
    name: `musl ${arch}`,
    arch,
    libc: 'musl',
    compiler: `${gnu}-gcc`,
    loader,
    get files() {
      return { [loader]: shared() };
    },
    libraryDirectory: '/lib',
    compile: ['-O2', '-nostdinc', '-isystem', include],
    ...(arch === 'riscv64' && { start: RISCV_START }),
    program(objects, flags) {
      const isStaticPie = flags.includes('-fPIE') && isStatic(flags);
      const libc = isStatic(flags) ? [at('libc.a')] : fromShared();
      const crt = isStaticPie ? 'rcrt1.o' : flags.includes('-no-pie') ? 'crt1.o' : 'Scrt1.o';
      const own = flags.filter((flag) => flag !== '-lm');
      const interp = isStatic(flags) ? [] : [`-Wl,--dynamic-linker=${loader}`];
      const begin = arch === 'riscv64' ? [] : [at(crt), at('crti.o')];
      const end = arch === 'riscv64' ? [] : [at('crtn.o')];
      return [
        '-nostdlib',
        ...interp,
        ...begin,
        ...objects,
        ...own,
        libgcc(),
        ...libc,
        libgcc(),
        ...end,
      ];
    },
    library: (objects, flags) => [
      '-shared',
      '-nostdlib',
      ...objects,
      ...flags,
      libgcc(),
      ...fromShared(),
    ],
  };
}
