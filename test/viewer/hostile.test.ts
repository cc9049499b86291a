import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { describeInBrowser } from './browser.js';

const CORPUS = join(import.meta.dirname, '../fuzz/corpus');
const VIEWS = ['Flash map', 'Tree', 'File', 'Laboratory', 'Program', 'Plan', 'Compare'];

/** A seed of the fuzzer: names and directories that somebody made to do harm. */
function seed(name: string): Uint8Array {
  return gunzipSync(readFileSync(join(CORPUS, `${name}.img.gz`)));
}

/** What names could hold and the page escapes; lines and cells of tables end in the others. */
function isControl(character: string): boolean {
  return (character < ' ' && character !== '\n' && character !== '\t') || character === '\x7f';
}

describeInBrowser('images that somebody made to do harm', (browser) => {
  test.each([
    'raw-names',
    'raw-tricks',
    'raw-loops',
    'raw-nested',
    'raw-shared-directories',
    'raw-specials',
    'raw-empty',
    'programs-powerpc',
  ])(
    '%s: every view shows, and nothing breaks',
    async (name) => {
      const page = await browser.openReport(seed(name));
      for (const view of VIEWS) {
        const tab = page.getByRole('link', { name: view, exact: true });
        await tab.click();
        await expect.poll(() => tab.getAttribute('aria-current')).toBe('page');
        await expect
          .poll(async () => (await page.locator('main').innerText()).length)
          .toBeGreaterThan(20);
      }
      await page.getByRole('link', { name: 'Tree', exact: true }).click();
      await page.getByRole('button', { name: 'Open all' }).click();
      const text = await page.locator('main').innerText();
      expect(Array.from(text).filter(isControl)).toEqual([]);
      expect(await page.locator('main img, main script').count()).toBe(0);
    },
    60_000,
  );
});
