/** The WebAssembly of zstd-codec below its interface for streams, which cannot tell what went wrong. */
declare module 'zstd-codec/lib/module.js' {
  interface ZstdModule {
    /** A stream: see zstd-stream.ts. */
    ZstdDecompressStreamBinding: new () => unknown;
    /** Called when the module's memory is used up, before it complains on the console. */
    onAbort?: () => never;
  }
  const zstdModule: { readonly run: (onReady: (module: ZstdModule) => void) => void };
  export default zstdModule;
}
