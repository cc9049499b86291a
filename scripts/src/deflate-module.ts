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

/**
 * The WebAssembly that compresses the blocks of images, as it was tested: its output is the bytes of
 * every image. Whoever changes packages/mkcramfs/deflate or the compiler measures (bench/README.md),
 * tests, and writes the new figures here.
 */
export const DEFLATE_MODULE = {
  bytes: 10561,
  sha256: '21c788705632d82ab920174cb855e3affd6b4fafe4bbb59b31ea69c41b662692',
};

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
 * Compiles packages/mkcramfs/deflate; about three seconds. In a process of its own: the types of the
 * compiler's interface declare what AssemblyScript has global, and would change all types here.
 */
export function compileDeflate(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'deflate-'));
  try {
    const wasm = join(folder, 'deflate.wasm');
    const compiler = inRepository('node_modules/assemblyscript/bin/asc.js');
    const entry = inRepository('packages/mkcramfs/deflate/index.ts');
    execFileSync(process.execPath, [compiler, entry, `--outFile=${wasm}`, ...OPTIONS]);
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Writes the module `#deflate-module` of mkcramfs, unless what is there was made of the same sources.
 *
 * @throws Error if the result is not what was tested.
 */
export function writeDeflateModule(): void {
  const file = inRepository('packages/mkcramfs/bundle/deflate-module.js');
  const stamp = `// ${sourcesDigest()}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8').startsWith(stamp)) return;
  const wasm = compileDeflate();
  const sha256 = digest(wasm);
  if (wasm.length !== DEFLATE_MODULE.bytes || sha256 !== DEFLATE_MODULE.sha256) {
    throw new Error(
      `packages/mkcramfs/deflate compiles to ${wasm.length} bytes with SHA-256 ${sha256}, ` +
        `not to ${DEFLATE_MODULE.bytes} with ${DEFLATE_MODULE.sha256} (scripts/src/deflate-module.ts)`,
    );
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${stamp}export default '${Buffer.from(wasm).toString('base64')}';\n`);
}

/** Of all that the module is made of. */
function sourcesDigest(): string {
  const folder = inRepository('packages/mkcramfs/deflate');
  const manifest = readFileSync(inRepository('node_modules/assemblyscript/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const sources = readdirSync(folder)
    .sort()
    .map((name) => `${name}\n${readFileSync(`${folder}/${name}`, 'utf8')}`);
  return digest(JSON.stringify([version, OPTIONS, DEFLATE_MODULE, sources]));
}

function digest(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
