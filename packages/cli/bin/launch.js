'use strict';
const { existsSync } = require('node:fs');
const module_ = require('node:module');
const { join } = require('node:path');

// CommonJS, as the bundle: without the loader of ES modules Node.js is there 20 ms earlier.
const main = join(__dirname, '../bundle/main.cjs');

/** Runs one of the tools from what `npm run build` has put together. */
exports.launch = async function launch(tool) {
  if (!existsSync(main)) {
    process.stderr.write(`${tool}: not built: run npm run build\n`);
    process.exitCode = 8;
    return;
  }
  // Node >= 22 keeps compiled code between runs.
  module_.enableCompileCache?.();
  await require(main).runProcess(tool);
};
