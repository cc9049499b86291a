import type { BlockBatch, CompressedBatch } from './codec.js';

/** Of what the module exports, what is used here; its names are those that Emscripten gave. Pointers are numbers. */
interface LibdeflateExports {
  /** memory */
  readonly c: WebAssembly.Memory;
  /** __wasm_call_ctors() */
  readonly d: () => void;
  /** libdeflate_alloc_compressor() */
  readonly e: (level: number) => number;
  /** libdeflate_zlib_compress() */
  readonly j: (
    compressor: number,
    input: number,
    inputLength: number,
    output: number,
    outputCapacity: number,
  ) => number;
  /** libdeflate_zlib_compress_bound() */
  readonly k: (compressor: number, inputLength: number) => number;
  /** malloc() */
  readonly n: (bytes: number) => number;
  /** free() */
  readonly o: (pointer: number) => void;
}

/** The same with the names of the C functions. */
interface LibdeflateModule {
  readonly memory: WebAssembly.Memory;
  readonly malloc: LibdeflateExports['n'];
  readonly free: LibdeflateExports['o'];
  readonly allocCompressor: LibdeflateExports['e'];
  readonly zlibCompressBound: LibdeflateExports['k'];
  readonly zlibCompress: LibdeflateExports['j'];
}

/**
 * libdeflate as WebAssembly: the same bytes on every machine. One compressor, with its constant tables,
 * serves all blocks of a level; the functions of the npm package make one for every block.
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
    const { default: base64 } = await import('#libdeflate-wasm');
    const code = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return new Libdeflate(instantiate(new WebAssembly.Module(code)));
  }

  /** Compresses one batch, in order, on the calling thread. */
  compress({ data, lengths, codec, keepIncompressible }: BlockBatch): CompressedBatch {
    const { module } = this;
    const compressor = this.compressor(codec.level);
    // Of each block, not of the longest for all: a batch may hold one large and thousands of tiny ones.
    const bounds = lengths.map((length) => module.zlibCompressBound(compressor, length));
    const input = this.input.reserve(lengths.reduce((max, length) => Math.max(max, length), 0));
    const output = this.output.reserve(bounds.reduce((sum, bound) => sum + bound, 0));
    const memory = new Uint8Array(module.memory.buffer);

    let from = 0;
    let to = output;
    const packedLengths = lengths.map((length, index) => {
      memory.set(data.subarray(from, from + length), input);
      from += length;
      const bound = bounds[index]!;
      let packed = module.zlibCompress(compressor, input, length, to, bound);
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
      compressor = this.module.allocCompressor(level);
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
      this.module.free(this.pointer);
      this.capacity = 0;
      this.pointer = this.module.malloc(bytes);
      if (this.pointer === 0) throw new RangeError(`no ${bytes} bytes of memory for libdeflate`);
      this.capacity = bytes;
    }
    return this.pointer;
  }
}

/** Pages of WebAssembly's memory. */
const WASM_PAGE = 65536;

/** What the module asks of its host: to copy, and to make its memory larger. */
function instantiate(module: WebAssembly.Module): LibdeflateModule {
  const { exports } = new WebAssembly.Instance(module, {
    a: {
      /** emscripten_resize_heap() */
      a: (bytes: number): boolean => grow(memory, bytes >>> 0),
      /** emscripten_memcpy_big() */
      b: (to: number, from: number, length: number): void => {
        new Uint8Array(memory.buffer).copyWithin(to, from, from + length);
      },
    },
  });
  const { c: memory, d: callConstructors, ...functions } = exports as LibdeflateExports;
  callConstructors();
  return {
    memory,
    allocCompressor: functions.e,
    zlibCompress: functions.j,
    zlibCompressBound: functions.k,
    malloc: functions.n,
    free: functions.o,
  };
}

/** @returns whether there are `bytes` now; a fifth more than there were is taken where that is more. */
function grow(memory: WebAssembly.Memory, bytes: number): boolean {
  const has = memory.buffer.byteLength;
  for (const wanted of [Math.max(bytes, has * 1.2), bytes]) {
    try {
      memory.grow(Math.ceil((wanted - has) / WASM_PAGE));
      return true;
    } catch {
      // Too much: the engine says so with a RangeError.
    }
  }
  return false;
}
