import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BlockBatch, CompressedBatch } from '../codec.js';
import { widenStores } from './widen-stores.js';

/** What is used of the Emscripten module in the npm package `libdeflate`. Pointers are numbers. */
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
 * exports, which is why its version is pinned. It asks for Node.js 24, but runs on 20.
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
    // Of each block, not of the longest for all: a batch may hold one large and thousands of tiny ones.
    const bounds = lengths.map((length) =>
      module._libdeflate_zlib_compress_bound(compressor, length),
    );
    const input = this.input.reserve(lengths.reduce((max, length) => Math.max(max, length), 0));
    const output = this.output.reserve(bounds.reduce((sum, bound) => sum + bound, 0));
    const memory = module.HEAPU8;

    let from = 0;
    let to = output;
    const packedLengths = lengths.map((length, index) => {
      memory.set(data.subarray(from, from + length), input);
      from += length;
      const bound = bounds[index]!;
      let packed = module._libdeflate_zlib_compress(compressor, input, length, to, bound);
      if (packed === 0) throw new Error('libdeflate cannot compress a block');
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
      if (compressor === 0) throw new RangeError(`libdeflate has no level ${level}`);
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

  /**
   * @returns a pointer to at least `bytes` bytes, whose content is undefined.
   * @throws RangeError if there is not that much.
   */
  reserve(bytes: number): number {
    if (bytes > this.capacity) {
      this.module._free(this.pointer);
      this.capacity = 0;
      this.pointer = this.module._malloc(bytes);
      if (this.pointer === 0) throw new RangeError(`no ${bytes} bytes of memory for libdeflate`);
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
