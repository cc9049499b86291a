/** The part of the global `WebAssembly` of browsers and Node.js that is used here. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
    /** @throws RangeError if that is too much. */
    grow(pages: number): number;
  }
  type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  interface Instance {
    readonly exports: object;
  }
  const Memory: new (descriptor: { readonly initial: number; readonly maximum?: number }) => Memory;
  const Module: new (code: Uint8Array) => Module;
  const Instance: new (module: Module, imports: Imports) => Instance;
}
