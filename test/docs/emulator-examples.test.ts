import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openImage } from 'cramfs-reader';
import * as emulator from '#xip-emu/index.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { readDocument, section } from './markdown.js';

const SECTIONS = [
  'Mounting',
  'overlayfs: whiteouts and copies',
  'Files of a process',
  'Each file system',
];
const DOCUMENT = readDocument('emulator.md');

/** What an example calls a result: `expression; // value`. */
const RESULT = /^(.*); \/\/ (.+)$/;

/** An example as a program that puts what it says and what comes out in `results`. */
function program(): string {
  const lines = SECTIONS.flatMap((title) => {
    const blocks = section(DOCUMENT, title).matchAll(/```ts\n(.*?)```/gs);
    return [...blocks].flatMap(([, block]) => block!.split('\n'));
  });
  return lines
    .filter((line) => !line.startsWith('import '))
    .map((line) => {
      const [, expression, value] = RESULT.exec(line) ?? [];
      return expression === undefined ? line : `results.push([${expression}, ${value!}]);`;
    })
    .join('\n');
}

test('the examples of the manual run, and give what it says', () => {
  const results: [actual: unknown, told: unknown][] = [];
  const context = { ...emulator, openImage, bytes: kernelImage('paths'), results };
  runInNewContext(program(), { ...context, Uint8Array });
  expect(results.length).toBeGreaterThan(20);
  for (const [actual, told] of results) expect(actual).toEqual(told);
});
