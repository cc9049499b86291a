/** The WebAssembly of assembly/arm, in base64: `npm run build` compiles it. */
declare module '#arm-module' {
  const base64: string;
  export default base64;
}

/** The WebAssembly of assembly/riscv, in base64: `npm run build` compiles it. */
declare module '#riscv-module' {
  const base64: string;
  export default base64;
}
