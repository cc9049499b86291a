/** The WebAssembly of assembly/deflate, in base64: `npm run build` compiles it. */
declare module '#deflate-module' {
  export const sha256: string;
  const base64: string;
  export default base64;
}

/** The WebAssembly of assembly/inflate, in base64. */
declare module '#inflate-module' {
  const base64: string;
  export default base64;
}
