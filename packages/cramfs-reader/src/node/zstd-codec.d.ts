/** The part of zstd-codec that is used here; the package has no types of its own. */
declare module 'zstd-codec' {
  interface Zstd {
    Streaming: new () => {
      /** Null if the data is damaged. Takes data that is cut off for complete. */
      decompressChunks(chunks: Iterable<Uint8Array>, sizeHint: number): Uint8Array | null;
    };
  }
  const zstdCodec: { ZstdCodec: { run(ready: (zstd: Zstd) => void): void } };
  export default zstdCodec;
}
