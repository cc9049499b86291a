'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');

/*
 * The modules of a bundle in one file, each with the code that V8 compiled when `npm run build` ran the
 * commands: most of what a command takes beyond Node.js itself is loading and compiling. V8 takes such code
 * only from its own version with the same flags; it compiles the rest.
 *
 * The file: eight digits, the length of a line of JSON; that line; sources and code, at the places that the
 * line gives.
 */
const FILE = 'compiled.bin';
const DIGITS = 8;

/** The Node.js that can use what this one compiles. */
const NODE = [process.version, process.arch].join(' ');

const BEFORE = '(function (exports, require, module, __filename, __dirname) {';
const AFTER = '\n})';

/**
 * Opens the compiled modules of a folder.
 *
 * @returns a `require` for them, such as of `./main.cjs`; undefined if there are none for this Node.js.
 */
exports.openCompiled = function openCompiled(folder) {
  let fd;
  try {
    fd = fs.openSync(path.join(folder, FILE), 'r');
  } catch {
    return undefined;
  }
  const start = DIGITS + Number(readAt(fd, 0, DIGITS).toString('latin1'));
  const head = JSON.parse(readAt(fd, DIGITS, start - DIGITS).toString('latin1'));
  if (head.node !== NODE) {
    fs.closeSync(fd);
    return undefined;
  }
  return requireOf(folder, (name, filename) => {
    const { at, source, code } = head.modules[name];
    const bytes = readAt(fd, start + at, source + code);
    return new vm.Script(bytes.toString('utf8', 0, source), {
      filename,
      cachedData: bytes.subarray(source),
    });
  });
};

function readAt(fd, position, length) {
  const bytes = Buffer.allocUnsafeSlow(length);
  fs.readSync(fd, bytes, 0, length, position);
  return bytes;
}

/**
 * Compiles the modules of a folder on demand.
 *
 * @returns a `require` for them, and what writes all of them, with what was compiled of them until then,
 * for {@link openCompiled}.
 */
exports.compile = function compile(folder) {
  const scripts = new Map();
  function load(name, filename) {
    const source = BEFORE + fs.readFileSync(filename, 'utf8') + AFTER;
    const script = new vm.Script(source, { filename });
    scripts.set(name, { source, script });
    return script;
  }
  return {
    require: requireOf(folder, load),
    write() {
      for (const name of fs.readdirSync(folder)) {
        if (name.endsWith('.cjs') && !scripts.has(name)) load(name, path.join(folder, name));
      }
      write(folder, scripts);
    },
  };
};

function write(folder, scripts) {
  const modules = {};
  const parts = [];
  let at = 0;
  for (const [name, { source, script }] of scripts) {
    const [text, code] = [Buffer.from(source), script.createCachedData()];
    modules[name] = { at, source: text.length, code: code.length };
    parts.push(text, code);
    at += text.length + code.length;
  }
  const head = Buffer.from(JSON.stringify({ node: NODE, modules }) + '\n', 'latin1');
  const digits = Buffer.from(String(head.length).padStart(DIGITS), 'latin1');
  // Whole or not at all: nobody looks for damage when it is read.
  const file = path.join(folder, FILE);
  fs.writeFileSync(file + '.tmp', Buffer.concat([digits, head, ...parts]));
  fs.renameSync(file + '.tmp', file);
}

/** A `require` as of a CommonJS module in a folder. @param load makes the script of a file name. */
function requireOf(folder, load) {
  const loaded = {};
  return function requireModule(request) {
    if (!request.startsWith('./')) return require(request);
    const name = request.slice(2);
    if (loaded[name] !== undefined) return loaded[name].exports;
    const module = (loaded[name] = { exports: {} });
    const filename = path.join(folder, name);
    const body = load(name, filename).runInThisContext();
    body.call(module.exports, module.exports, requireModule, module, filename, folder);
    return module.exports;
  };
}
