/** The WebAssembly of packages/mkcramfs/deflate, in base64: `npm run build` compiles it. */
declare module '#deflate-module' {
  const base64: string;
  export default base64;
}
