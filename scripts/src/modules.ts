import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inRepository } from './paths.js';

/** A WebAssembly module of a package, as it was tested. */
interface Module {
  /** Its folder in assembly/ of the package, and what `#NAME-module` imports. */
  readonly name: string;
  /** Below packages/. */
  readonly package: string;
  /** What it imports of its package beside its own folder, from the package's folder on. */
  readonly shared: readonly string[];
  /** Options of the compiler beside {@link OPTIONS}. */
  readonly options: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * What `deflate` gives is the bytes of every image. Whoever changes the sources or the compiler measures
 * (bench/README.md), tests, and writes the new figures here.
 */
const MODULES: readonly Module[] = [
  {
    name: 'deflate',
    package: 'cramfs-deflate',
    shared: ['assembly/adler32.ts', 'assembly/words.ts'],
    options: ['--enable=bulk-memory'],
    bytes: 10917,
    sha256: 'bcf30ed2f5ad546956b02b22087654ee33f0ebaa9889cb6ef725139117a2bed7',
  },
  {
    name: 'inflate',
    package: 'cramfs-deflate',
    shared: ['assembly/adler32.ts', 'assembly/words.ts'],
    options: ['--enable=bulk-memory'],
    bytes: 4986,
    sha256: '2c7de54f7f4879c0dbd464d288d6cc9dd63e996fb652e99b09f96072d68ea581',
  },
  {
    name: 'arm',
    package: 'xip-cpu',
    shared: [
      'assembly/float/arithmetic.ts',
      'assembly/float/convert.ts',
      'assembly/float/format.ts',
      'assembly/memory/tlb.ts',
      'src/arm/operations.ts',
      'src/memory/layout.ts',
    ],
    options: ['--enable=bulk-memory', '--importMemory'],
    bytes: 41766,
    sha256: '358e0e427a0532b2e332fb2f8745ad8ba03cd8f2aecebc657fbb1111f26af27e',
  },
  {
    name: 'riscv',
    package: 'xip-cpu',
    shared: [
      'assembly/memory/tlb.ts',
      'src/memory/layout.ts',
      'src/riscv/layout.ts',
      'src/riscv/operations.ts',
    ],
    options: ['--importMemory'],
    bytes: 16423,
    sha256: 'cf48e95293f0d0b208c546098878aa9dcf23086e813f6d9a117187b00db8be08',
  },
];

const OPTIONS = [
  '--runtime=stub', // nothing is allocated
  '--use=abort=', // nothing is imported that is not declared
  '-O3',
  '--converge',
  '--noAssert',
  '--enable=simd',
];

/**
 * Compiles a module; about three seconds. In a process of its own: the types of the compiler's
 * interface declare what AssemblyScript has global, and would change all types here.
 */
function compile({ name, package: owner, options }: Module): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'module-'));
  try {
    const wasm = join(folder, 'module.wasm');
    const compiler = inRepository('node_modules/assemblyscript/bin/asc.js');
    const entry = inRepository(`packages/${owner}/assembly/${name}/index.ts`);
    const all = [...OPTIONS, ...options];
    const command = [compiler, entry, `--outFile=${wasm}`, ...all];
    execFileSync(process.execPath, command, { stdio: 'pipe' });
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Writes the modules `#NAME-module` of the packages, unless what is there was made of the same sources.
 *
 * @throws Error if the result is not what was tested.
 */
export function writeModules(): void {
  for (const module of MODULES) writeModule(module);
}

function writeModule(module: Module): void {
  const { name, package: owner, bytes, sha256 } = module;
  const file = inRepository(`packages/${owner}/bundle/${name}-module.js`);
  const stamp = `// ${sourcesDigest(module)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8').startsWith(stamp)) return;
  const wasm = compile(module);
  const made = digest(wasm);
  if (wasm.length !== bytes || made !== sha256) {
    throw new Error(
      `packages/${owner}/assembly/${name} compiles to ${wasm.length} bytes with SHA-256 ${made}, ` +
        `not to ${bytes} with ${sha256} (scripts/src/modules.ts)`,
    );
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `${stamp}export default '${Buffer.from(wasm).toString('base64')}';\nexport const sha256 = '${sha256}';\n`,
  );
}

/** Of all that a module is made of. */
function sourcesDigest(module: Module): string {
  const { name, package: owner, shared } = module;
  const folder = inRepository(`packages/${owner}`);
  const manifest = readFileSync(inRepository('node_modules/assemblyscript/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const own = readdirSync(join(folder, 'assembly', name))
    .sort()
    .map((file) => `assembly/${name}/${file}`);
  const sources = [...shared, ...own].map(
    (file) => `${file}\n${readFileSync(join(folder, file), 'utf8')}`,
  );
  return digest(JSON.stringify([version, OPTIONS, module, sources]));
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
