/** The part of zstd-codec that works on streams; its public interface wants everything at once. */
declare module 'zstd-codec/lib/module.js' {
  export interface ZstdDecompressStreamBinding {
    begin(): boolean;
    /** `output` gets pieces that it may keep; false if the input is bad. */
    transform(input: Uint8Array, output: (bytes: Uint8Array) => void): boolean;
    end(output: (bytes: Uint8Array) => void): boolean;
    delete(): void;
  }

  export interface ZstdModule {
    ZstdDecompressStreamBinding: new () => ZstdDecompressStreamBinding;
    /** Called when the 16 MiB of memory are used up, before it complains on the console. */
    onAbort?: (reason: string) => void;
  }

  export function run(onReady: (module: ZstdModule) => void): void;
}
