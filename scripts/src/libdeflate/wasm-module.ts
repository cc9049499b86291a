import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { widenStores } from './widen-stores.js';

/** The WebAssembly of version 0.1.0 of the npm package, and what {@link widenStores} makes of it. */
const SHA256 = {
  package: 'f75470cc665db1d83e231ec57bf38696852cba5c2594813d47fc43117816affe',
  widened: '7386141166b9f2ee0fcb7f81e3c6dae3e07e4f1353767241f53e14107a1a7ebe',
};

/** The folder of the npm package. */
export function libdeflateFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('libdeflate'));
}

/** The WebAssembly in the npm package. */
export function packagedWasm(): Uint8Array {
  const file = join(libdeflateFolder(), 'dist', 'libdeflate.wasm.mjs');
  const [, base64] = /;base64,(AGFzbQ[\w+/=]+)/.exec(readFileSync(file, 'latin1')) ?? [];
  if (base64 === undefined) throw new Error(`${file}: there is no WebAssembly in it`);
  return checked(Buffer.from(base64, 'base64'), SHA256.package, file);
}

/**
 * The source of the module `#libdeflate-wasm` of mkcramfs.
 *
 * @throws Error if the package or what is made of it is not what it was when it was tested: its bytes
 * are those of every image.
 */
export function libdeflateModule(): string {
  const wasm = checked(widenStores(packagedWasm()), SHA256.widened, 'libdeflate with wider stores');
  return `export default '${Buffer.from(wasm).toString('base64')}';\n`;
}

function checked(bytes: Uint8Array, expected: string, what: string): Uint8Array {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== expected) throw new Error(`${what}: SHA-256 is ${found}, not ${expected}`);
  return bytes;
}
