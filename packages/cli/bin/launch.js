'use strict';
// Old Node.js must be able to read this file: no newer syntax, no node: names.
const fs = require('fs');
const path = require('path');

// CommonJS, as the bundle: without the loader of ES modules Node.js is there 20 ms earlier.
const folder = path.join(__dirname, '../bundle');

/** Runs one of the tools from what `npm run build` has put together. */
exports.launch = function launch(tool) {
  const version = process.versions.node.split('.').map(Number);
  if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
    fail(tool + ': needs Node.js 20.19 or later; this is ' + process.versions.node, 1);
  } else if (!fs.existsSync(path.join(folder, 'main.cjs'))) {
    fail(tool + ': not built: run npm run build', 8);
  } else {
    main(version[0]).runProcess(tool);
  }
};

/** The bundle's main module: compiled, if that was kept for this Node.js. */
function main(version) {
  const requireCompiled = require('./bundle.js').openCompiled(folder);
  if (requireCompiled !== undefined) return requireCompiled('./main.cjs');
  // From 22 on Node.js keeps compiled code between runs; before, loading the module takes 2 ms for nothing.
  if (version >= 22) require('module').enableCompileCache();
  return require(path.join(folder, 'main.cjs'));
}

function fail(message, exitCode) {
  process.stderr.write(message + '\n');
  process.exitCode = exitCode;
}
