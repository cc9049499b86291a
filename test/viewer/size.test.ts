import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { builtFile } from '../helpers/built.js';

/** What a page may weigh. */
const LIMIT = 350 * 1024;

test('the page, with all that it runs, is small', () => {
  const page = readFileSync(builtFile('packages/viewer/bundle/viewer.html'));
  expect(gzipSync(page, { level: 9 }).length).toBeLessThanOrEqual(LIMIT);
});

test('the page asks for nothing from elsewhere, and runs nothing but its own', () => {
  const page = readFileSync(builtFile('packages/viewer/bundle/viewer.html'), 'utf8');
  const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+' 'wasm-unsafe-eval'; /);
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
  expect(page).not.toMatch(/<(?:link|img|script|iframe)[^>]+(?:src|href)="(?!data:)/);
});
