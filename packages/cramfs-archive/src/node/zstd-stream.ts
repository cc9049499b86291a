/** Decompresses one stream. zstd-codec's own, untyped interface gives no access to it. */
export interface ZstdStream {
  begin(): boolean;
  /** `output` gets pieces that it may keep; false if the input is bad. */
  transform(input: Uint8Array, output: (bytes: Uint8Array) => void): boolean;
  /** Decompresses what transform() has taken in and kept. */
  flush(output: (bytes: Uint8Array) => void): boolean;
  /** Treats truncated input as complete. */
  end(output: (bytes: Uint8Array) => void): boolean;
  /** Frees the stream's memory. */
  delete(): void;
}

/**
 * Opens a stream; it takes frames one after the other. Its memory is a fixed 16 MiB, enough for
 * windows of 8 MiB: up to `zstd -19`, but not --ultra.
 *
 * @param onOutOfMemory must throw; the stream is lost then.
 */
export async function openZstdStream(onOutOfMemory: () => never): Promise<ZstdStream> {
  // Loaded here because it is large, and most archives are not compressed.
  const { run } = (await import('zstd-codec/lib/module.js')).default;
  return new Promise((resolve) => {
    // Every stream gets a module of its own, because one that ran out of memory is unusable.
    run((module) => {
      module.onAbort = onOutOfMemory;
      const stream = new module.ZstdDecompressStreamBinding() as ZstdStream;
      stream.begin();
      // Do not resolve to the module itself: it has a method then(), which a promise would call
      // forever.
      resolve(stream);
    });
  });
}
