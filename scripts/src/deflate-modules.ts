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

/** A WebAssembly module of packages/cramfs-deflate, as it was tested. */
interface Module {
  /** Its folder in assembly/. */
  readonly name: string;
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
    bytes: 10561,
    sha256: '21c788705632d82ab920174cb855e3affd6b4fafe4bbb59b31ea69c41b662692',
  },
  {
    name: 'inflate',
    bytes: 4050,
    sha256: 'e671bdd3f13776c0dea45210014904b6425156a261cce03caec264db2c7bd25d',
  },
];

const PACKAGE = 'packages/cramfs-deflate';

const OPTIONS = [
  '--runtime=stub', // nothing is allocated
  '--use=abort=', // nothing is imported
  '-O3',
  '--converge',
  '--noAssert',
  '--enable=simd',
  '--enable=bulk-memory',
];

/**
 * Compiles a module; about three seconds. In a process of its own: the types of the compiler's
 * interface declare what AssemblyScript has global, and would change all types here.
 */
function compile(name: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'deflate-'));
  try {
    const wasm = join(folder, 'module.wasm');
    const compiler = inRepository('node_modules/assemblyscript/bin/asc.js');
    const entry = inRepository(`${PACKAGE}/assembly/${name}/index.ts`);
    execFileSync(process.execPath, [compiler, entry, `--outFile=${wasm}`, ...OPTIONS]);
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Writes the modules `#deflate-module` and `#inflate-module` of cramfs-deflate, unless what is there was
 * made of the same sources.
 *
 * @throws Error if the result is not what was tested.
 */
export function writeDeflateModules(): void {
  for (const module of MODULES) writeModule(module);
}

function writeModule({ name, bytes, sha256 }: Module): void {
  const file = inRepository(`${PACKAGE}/bundle/${name}-module.js`);
  const stamp = `// ${sourcesDigest(name)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8').startsWith(stamp)) return;
  const wasm = compile(name);
  const made = digest(wasm);
  if (wasm.length !== bytes || made !== sha256) {
    throw new Error(
      `${PACKAGE}/assembly/${name} compiles to ${wasm.length} bytes with SHA-256 ${made}, ` +
        `not to ${bytes} with ${sha256} (scripts/src/deflate-modules.ts)`,
    );
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `${stamp}export default '${Buffer.from(wasm).toString('base64')}';\nexport const sha256 = '${sha256}';\n`,
  );
}

/** Of all that a module is made of. */
function sourcesDigest(name: string): string {
  const folder = inRepository(`${PACKAGE}/assembly`);
  const manifest = readFileSync(inRepository('node_modules/assemblyscript/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const sources = [
    'adler32.ts',
    'words.ts',
    ...readdirSync(join(folder, name))
      .sort()
      .map((file) => join(name, file)),
  ].map((file) => `${file}\n${readFileSync(join(folder, file), 'utf8')}`);
  const generator = readFileSync(inRepository('scripts/src/deflate-modules.ts'), 'utf8');
  return digest(JSON.stringify([version, generator, sources]));
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
