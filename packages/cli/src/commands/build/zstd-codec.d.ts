/** The part of zstd-codec that is used here; the package has no types of its own. */
declare module 'zstd-codec' {
  interface Zstd {
    Streaming: new () => {
      /** Null if it fails; aborts above level 9, whose tables do not fit the module's memory. */
      compressChunks(
        chunks: Iterable<Uint8Array>,
        sizeHint: number,
        level: number,
      ): Uint8Array | null;
    };
  }
  const zstdCodec: { ZstdCodec: { run(ready: (zstd: Zstd) => void): void } };
  export default zstdCodec;
}
