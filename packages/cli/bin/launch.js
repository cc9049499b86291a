import { existsSync } from 'node:fs';
import module from 'node:module';
import process from 'node:process';

const main = new URL('../bundle/main.js', import.meta.url);

/** Runs one of the tools from what `npm run build` has compiled. */
export async function launch(tool) {
  if (!existsSync(main)) {
    process.stderr.write(`${tool}: not built: run npm run build\n`);
    process.exitCode = 8;
    return;
  }
  // Node >= 22 keeps compiled code between runs.
  module.enableCompileCache?.();
  const { runProcess } = await import(main.href);
  await runProcess(tool);
}
