import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { createWorld, parseScenario, runScenario } from 'xip-emu';
import { expect, test } from 'vitest';
import { kernelImage } from '../helpers/kernel-images.js';
import { buildRawImage, directory, file, noise } from '../helpers/raw-image.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

const basic = kernelImage('basic');

/** The link to a session. */
function lab(lines: readonly string[], more = ''): string {
  return `/lab?steps=${encodeURIComponent(lines.join('\n'))}${more}`;
}

const TAIL = [
  'mount mtd',
  'open 0 direct-5p-sharedtail r',
  'mmap a 0 0x5000 r private 0 0x40000000',
];

function backings(page: Page): Promise<string[]> {
  return page.locator('.lab-backing').allTextContents();
}

function results(page: Page): Promise<string[]> {
  return page.locator('.lab-result').allTextContents();
}

describeInBrowser('the mapping laboratory', (browser) => {
  test('a session by clicking: map, touch, write, undo, another process', async () => {
    const page = await browser.openReport(basic, { route: '/lab' });
    await page.getByLabel('File', { exact: true }).fill('/direct-5p-sharedtail');
    await page.getByRole('button', { name: 'mmap', exact: true }).click();
    const pages = page.locator('.lab-page');
    await expect.poll(() => backings(page)).toEqual(['ROM', 'ROM', 'ROM', 'ROM']);

    await page.getByLabel('From page').first().fill('0');
    await page.locator('.lab-side .panel').first().getByLabel('Pages').fill('5');
    await page.getByRole('button', { name: 'mmap', exact: true }).click();
    await expect.poll(() => backings(page)).toEqual(['ROM', 'ROM', 'ROM', 'ROM', 'not present']);
    await pages.nth(4).click();
    await expect.poll(() => backings(page)).toContain('page cache');
    await pages.nth(0).click({ modifiers: ['Shift'] });
    await expect.poll(() => results(page)).toContain('SIGSEGV code=ACCERR');
    expect(await page.locator('.lab-event').allTextContents()).toContain(
      'SIGSEGV (ACCERR) at 0x40020000',
    );

    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => results(page)).not.toContain('SIGSEGV code=ACCERR');
    await page.goBack();
    await expect.poll(() => results(page)).toContain('SIGSEGV code=ACCERR');
    await page.getByRole('button', { name: 'Redo' }).waitFor();

    await page.getByRole('button', { name: 'fork', exact: true }).click();
    await page.getByRole('button', { name: 'process 0' }).click();
    await expect.poll(() => results(page)).toHaveLength(8);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('a link reproduces a session; keys touch and move; links of pages and frames are drawn', async () => {
    const page = await browser.openReport(basic, { route: lab([...TAIL, 'touch a 4 r']) });
    await expect.poll(() => backings(page)).toEqual(['ROM', 'ROM', 'ROM', 'ROM', 'page cache']);
    expect(await page.locator('.lab-links-rom path:not([d=""])').count()).toBe(5);
    expect(await page.locator('.lab-col-ram .lab-frame.mapped').count()).toBe(1);

    await page.locator('.lab-page').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('w');
    await expect.poll(() => results(page)).toContain('SIGSEGV code=ACCERR');
    expect(await page.locator('.lab-step code').last().textContent()).toBe('touch a 1 w');
    await page.keyboard.press('u');
    await expect.poll(() => results(page)).not.toContain('SIGSEGV code=ACCERR');
    expect(await page.locator('.lab-page:focus').textContent()).toContain('1');
  });

  test('another kernel performs the same steps', async () => {
    const page = await browser.openReport(basic, { route: lab(TAIL) });
    await expect.poll(() => backings(page)).toContain('not present');
    await page.getByText('no MMU').click();
    await expect.poll(() => backings(page)).toEqual(['ROM', 'ROM', 'ROM', 'ROM', 'ROM']);
    await page.getByLabel('ROM at').fill('0x22000800');
    await page.getByLabel('ROM at').press('Enter');
    await page.getByText('MMU', { exact: true }).click();
    await expect.poll(() => backings(page)).toEqual(Array.from({ length: 5 }, () => 'not present'));
  });

  test('an export runs to the same records, and can be imported', async () => {
    const lines = [...TAIL, 'touch a 4 r', 'fork', 'touch a 0 w', 'pages a'];
    const page = await browser.openReport(basic, { route: lab(lines) });
    await expect.poll(() => results(page)).toHaveLength(7);
    const shown = await results(page);
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toBe('session.scn');
    const text = readFileSync(await saved.path(), 'utf8');
    expect(text).toContain('# cramfs run IMAGE FILE --mode mmu');
    expect(text.split('\n').slice(2, -2)).toEqual(lines);

    const records = runScenario(parseScenario(text), createWorld(basic, { mmu: true }));
    expect(records[5]).toMatchObject({ op: 'touch', ret: 'SIGSEGV' });
    expect(shown[6]).toBe((records[6]!['pages'] as string[]).join(' '));

    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('No steps yet.').waitFor();
    await page.getByLabel('Import').setInputFiles(browser.file('a.scn', text));
    await expect.poll(() => results(page)).toHaveLength(8);
    expect((await results(page)).slice(0, 7)).toEqual(shown);
  });

  test('any scenario is stepped through; operations that a page lacks are named', async () => {
    const page = await browser.openReport(basic, { route: '/lab' });
    const scenario = readFileSync(
      new URL('../../docs/examples/upper-writers.scn', import.meta.url),
      'utf8',
    );
    await page.getByLabel('Import').setInputFiles(browser.file('upper.scn', scenario));
    await expect.poll(() => results(page)).toContain('EBUSY');
    await page.locator('.lab-step').first().click();
    await expect.poll(() => results(page)).toHaveLength(1);
    await page.getByText('step 1 of 8').waitFor();
    const tar = browser.file('tar.scn', 'mount tarfs ../root.tar\nopen 0 f r\n');
    await page.getByLabel('Import').setInputFiles(tar);
    await expect
      .poll(() => results(page))
      .toEqual([
        'the archive ../root.tar is not here: the page has the image alone',
        'the first operation is not a mount',
      ]);
  });

  test('names that are not text, and a damaged image', async () => {
    const { bytes } = buildRawImage({
      bin: directory({
        '<img src=x onerror=alert(1)> #\n\xff': file(noise(9000), { mode: 0o755, blocks: 'UUU' }),
      }),
    });
    bytes.fill(0xff, bytes.length - 6000, bytes.length - 3000);
    const page = await browser.openReport(bytes, { route: '/lab' });
    await page
      .getByLabel('File', { exact: true })
      .fill('/bin/<img src=x onerror=alert(1)> #\\x0a\\xff');
    await page.getByRole('button', { name: 'mmap', exact: true }).click();
    await expect.poll(() => results(page)).toContain('ok size=9000');
    expect(await page.locator('img').count()).toBe(0);
  });

  test('light and dark, wide and narrow: nothing that axe finds', async () => {
    for (const [width, dark] of [
      [1280, true],
      [390, false],
    ] as const) {
      const page = await browser.openReport(basic, { route: lab(TAIL), width, dark });
      await expect.poll(() => backings(page)).toHaveLength(5);
      expect(await accessibilityProblems(page)).toEqual([]);
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow).toBe(0);
    }
  });
});
