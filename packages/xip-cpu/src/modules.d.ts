/** The WebAssembly of assembly/riscv, in base64: `npm run build` compiles it. */
declare module '#riscv-module' {
  const base64: string;
  export default base64;
}
