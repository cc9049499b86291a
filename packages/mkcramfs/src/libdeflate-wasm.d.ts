/** libdeflate as WebAssembly, in base64: `npm run build` takes it from the npm package `libdeflate`. */
declare module '#libdeflate-wasm' {
  const base64: string;
  export default base64;
}
