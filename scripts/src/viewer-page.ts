import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Zstd } from '@hpcc-js/wasm-zstd';
import { rolldown, type Plugin } from 'rolldown';
import { licences } from './distribution/licences.js';
import { inRepository } from './paths.js';

/*
 * The viewer's page as one document: its code, what its worker runs, and its style are in it, and its
 * Content-Security-Policy names them by their hashes. What is open in it, cramfs-viewer fills in: the images
 * (packages/viewer/src/document.ts). What the worker runs is most of it, and is compressed by Zstandard, in
 * base64: gzip, which servers compress the page with, does not make it as small.
 */

const VIEWER = 'packages/viewer';
/** The best level. The memory that it takes does not matter: the worker is about one megabyte. */
const ZSTD_LEVEL = 22;

/** Writes packages/viewer/bundle/viewer.html. */
export async function writeViewerPage(): Promise<void> {
  const bundle = inRepository(`${VIEWER}/bundle`);
  mkdirSync(bundle, { recursive: true });
  const parts = mkdtempSync(join(tmpdir(), 'viewer-page-'));
  const collected = licences(join(bundle, 'THIRD-PARTY-LICENSES.txt'));
  const worker = await script('worker/main.js', parts, collected);
  const page = await script('page/main.js', parts, collected);
  rmSync(parts, { recursive: true });
  writeFileSync(
    join(bundle, 'viewer.html'),
    documentText(inElement(page), await packed(worker), styleText()),
  );
}

/** @param entry in the viewer's dist. @param folder for what is made on the way. */
async function script(entry: string, folder: string, collected: Plugin): Promise<string> {
  const bundle = await rolldown({
    input: inRepository(`${VIEWER}/dist/${entry}`),
    platform: 'browser',
    plugins: [collected],
  });
  const { output } = await bundle.write({
    dir: folder,
    format: 'iife',
    codeSplitting: false,
    minify: true,
  });
  await bundle.close();
  return output[0].code.trim();
}

/** Code as the text of an element. */
function inElement(code: string): string {
  // These two would end the element, or change how it ends; in strings and patterns the
  // replacements mean the same.
  return code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}

/** A Zstandard frame, in base64. */
async function packed(code: string): Promise<string> {
  const zstd = await Zstd.load();
  const frame = zstd.compress(Buffer.from(withoutBase64(code)), ZSTD_LEVEL);
  return Buffer.from(frame).toString('base64');
}

/**
 * Makes long literals of base64, which are WebAssembly, literals of what they encode: in base64 the same bytes
 * look different after each shift by one, and compress badly.
 */
function withoutBase64(code: string): string {
  return code.replace(
    /(["'`])((?:[A-Za-z0-9+/]{4}){1000,}[A-Za-z0-9+/=]{0,4})\1/g,
    (_, _quote, text) => {
      const bytes = Buffer.from(text as string, 'base64').toString('latin1');
      const escaped = bytes.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r');
      return `btoa("${escaped}")`;
    },
  );
}

function styleText(): string {
  const source = inRepository(`${VIEWER}/src/page`);
  return (
    readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.css'))
      // The files of styles/ come first, in the order of their numbers.
      .sort(
        (a, b) =>
          Number(b.startsWith('styles')) - Number(a.startsWith('styles')) || (a < b ? -1 : 1),
      )
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .join('\n')
      .replace(/\/\*.*?\*\//gs, '')
      .replace(/\s*\n\s*/g, '\n')
      .trim()
  );
}

/** A source of a Content-Security-Policy. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function documentText(page: string, worker: string, style: string): string {
  const policy = [
    "default-src 'none'",
    // The blocks of images are inflated by WebAssembly.
    `script-src ${hashOf(page)} 'wasm-unsafe-eval'`,
    `style-src ${hashOf(style)}`,
    'worker-src blob:',
    'img-src data:',
    'connect-src %CONNECT%',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>cramfs view</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<!--DATA-->
<script type="application/zstd" id="worker">${worker}</script>
<script>${page}</script>
</body>
</html>
`;
}

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18"><path fill="#0b8a66" d="M0 0h8v8H0z"/>' +
  '<path fill="#3f8fd0" d="M10 0h8v8h-8z"/><path fill="#1f6db0" d="M0 10h8v8H0z"/>' +
  '<path fill="#e0a100" d="M10 10h8v8h-8z"/></svg>';
