import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BlockBatch, CompressedBatch } from '../codec.js';
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
 * The npm package `libdeflate`, with the same bytes as result in three fifths of the time for blocks of
 * 4 KiB: the package's functions make a compressor, with its constant tables, for every block, and its
 * module empties hash tables slowly (see {@link widenStores}). Both lie below what the package
 * exports, which is why its version is pinned.
 */
export class Libdeflate {
  private readonly module: LibdeflateModule;
  /** By level. */
  private readonly compressors = new Map<number, number>();
  private readonly input: Area;
  private readonly output: Area;

  private constructor(module: LibdeflateModule) {
    this.module = module;
    this.input = new Area(module);
    this.output = new Area(module);
  }

  static async load(): Promise<Libdeflate> {
    const packageFile = createRequire(import.meta.url).resolve('libdeflate');
    const moduleFile = join(dirname(packageFile), 'dist', 'libdeflate.wasm.mjs');
    const { default: createModule } = (await import(pathToFileURL(moduleFile).href)) as {
      default: CreateModule;
    };
    const wasmBinary = widenStores(embeddedWasm(readFileSync(moduleFile, 'latin1')));
    return new Libdeflate(createModule({ wasmBinary }));
  }

  /** Compresses one batch, in order, on the calling thread. */
  compress({ data, lengths, codec, keepIncompressible }: BlockBatch): CompressedBatch {
    const { module } = this;
    const compressor = this.compressor(codec.level);
    const longest = lengths.reduce((max, length) => Math.max(max, length), 0);
    const bound = module._libdeflate_zlib_compress_bound(compressor, longest);
    const input = this.input.reserve(longest);
    const output = this.output.reserve(lengths.length * bound);
    const memory = module.HEAPU8;

    let from = 0;
    let to = output;
    const packedLengths = lengths.map((length) => {
      memory.set(data.subarray(from, from + length), input);
      from += length;
      let packed = module._libdeflate_zlib_compress(compressor, input, length, to, bound);
      if (keepIncompressible && packed >= length) {
        memory.copyWithin(to, input, input + length);
        packed = length;
      }
      to += packed;
      return packed;
    });
    return { data: memory.slice(output, to), lengths: packedLengths, spent: data.buffer };
  }

  private compressor(level: number): number {
    let compressor = this.compressors.get(level);
    if (compressor === undefined) {
      compressor = this.module._libdeflate_alloc_compressor(level);
      this.compressors.set(level, compressor);
    }
    return compressor;
  }
}

/** Memory of a module that grows with what is asked for. */
class Area {
  private readonly module: LibdeflateModule;
  private pointer = 0;
  private capacity = 0;

  constructor(module: LibdeflateModule) {
    this.module = module;
  }

  /** @returns a pointer to at least `bytes` bytes, whose content is undefined. */
  reserve(bytes: number): number {
    if (bytes > this.capacity) {
      this.module._free(this.pointer);
      this.pointer = this.module._malloc(bytes);
      this.capacity = bytes;
    }
    return this.pointer;
  }
}

/** @param moduleFile the text of the package's module, which holds its WebAssembly as a data URI. */
export function embeddedWasm(moduleFile: string): Uint8Array {
  const [, base64] = /;base64,(AGFzbQ[\w+/=]+)/.exec(moduleFile) ?? [];
  if (base64 === undefined) throw new TypeError('no WebAssembly where libdeflate should be');
  return Buffer.from(base64, 'base64');
}
