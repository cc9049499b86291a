import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ZlibCompressor } from '../codec.js';
import { widenStores } from './widen-stores.js';

/** The part of the Emscripten module in the npm package `libdeflate` that is used; pointers are numbers. */
interface LibdeflateModule {
  /** The module's memory; another array after it has grown. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _libdeflate_alloc_compressor(level: number): number;
  _libdeflate_zlib_compress_bound(compressor: number, inputLength: number): number;
  _libdeflate_zlib_compress(
    compressor: number,
    input: number,
    inputLength: number,
    output: number,
    outputCapacity: number,
  ): number;
}

type CreateModule = (settings: { readonly wasmBinary: Uint8Array }) => LibdeflateModule;

/**
 * The `zlib` function of the npm package `libdeflate`, with the same bytes as result in two thirds of
 * the time for blocks of 4 KiB: the package's function makes a compressor, with its constant tables,
 * for every block, and its module empties hash tables slowly (see {@link widenStores}). Both lie
 * below what the package exports, which is why its version is pinned.
 */
export async function loadLibdeflate(): Promise<ZlibCompressor> {
  const packageFile = createRequire(import.meta.url).resolve('libdeflate');
  const moduleFile = join(dirname(packageFile), 'dist', 'libdeflate.wasm.mjs');
  const { default: createModule } = (await import(pathToFileURL(moduleFile).href)) as {
    default: CreateModule;
  };
  const module = createModule({ wasmBinary: widenStores(embeddedWasm(moduleFile)) });
  const compressors = new Map<number, LevelCompressor>();
  return (block, level) => {
    let compressor = compressors.get(level);
    if (compressor === undefined) {
      compressor = new LevelCompressor(module, level);
      compressors.set(level, compressor);
    }
    return compressor.compress(block);
  };
}

/** The file holds its WebAssembly as a data URI. */
export function embeddedWasm(moduleFile: string): Uint8Array {
  const [, base64] = /;base64,(AGFzbQ[\w+/=]+)/.exec(readFileSync(moduleFile, 'latin1')) ?? [];
  if (base64 === undefined) throw new TypeError(`${moduleFile} holds no WebAssembly`);
  return Buffer.from(base64, 'base64');
}

/** A compressor of one level and the memory for its input and output, kept from block to block. */
class LevelCompressor {
  private readonly module: LibdeflateModule;
  private readonly compressor: number;
  private inputCapacity = 0;
  private outputCapacity = 0;
  private input = 0;
  private output = 0;

  constructor(module: LibdeflateModule, level: number) {
    this.module = module;
    this.compressor = module._libdeflate_alloc_compressor(level);
  }

  compress(block: Uint8Array): Uint8Array {
    const { module, compressor } = this;
    if (block.length > this.inputCapacity) this.reserve(block.length);
    module.HEAPU8.set(block, this.input);
    const length = module._libdeflate_zlib_compress(
      compressor,
      this.input,
      block.length,
      this.output,
      this.outputCapacity,
    );
    return module.HEAPU8.slice(this.output, this.output + length);
  }

  private reserve(inputLength: number): void {
    const { module, compressor } = this;
    module._free(this.input);
    module._free(this.output);
    this.inputCapacity = inputLength;
    this.outputCapacity = module._libdeflate_zlib_compress_bound(compressor, inputLength);
    this.input = module._malloc(this.inputCapacity);
    this.output = module._malloc(this.outputCapacity);
  }
}
