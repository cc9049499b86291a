import { expect, test } from 'vitest';
import { EVIL_TEXT, sampleImage } from '../cli/sample-image.js';
import { buildRawImage, directory, file } from '../helpers/raw-image.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

describeInBrowser('the tree', (browser) => {
  test('works with the keyboard', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/tree/' });
    const grid = page.getByRole('treegrid');
    await grid.focus();
    for (const key of ['Home', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    await page.getByRole('row', { name: 'busybox' }).first().waitFor();
    await page.keyboard.press('ArrowRight');
    expect(page.url()).toContain('#/tree/bin/busybox');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '/bin/busybox' }).waitFor();
    await page.goBack();
    await grid.waitFor();
    expect(page.url()).toContain('#/tree/bin/busybox');
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('sorts by a column, either way', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/tree/etc/passwd' });
    await page.getByRole('button', { name: 'Size' }).click();
    const header = page.getByRole('columnheader', { name: 'Size' });
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    const names = async (): Promise<string> =>
      (await page.locator('.tree-row .c-name').allTextContents()).join(' ');
    expect(await names()).toMatch(/zeros.*passwd.*evil/);
    await page.getByRole('button', { name: 'Size' }).click();
    expect(await header.getAttribute('aria-sort')).toBe('ascending');
    expect(await names()).toMatch(/evil.*passwd.*zeros/);
  });

  test('searches for parts of paths and for patterns', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/tree' });
    const rows = page.locator('.tree-row');
    await page.getByRole('searchbox').fill('PASS');
    await expect.poll(() => rows.allTextContents()).toHaveLength(1);
    expect(await rows.first().textContent()).toContain('/etc/passwd');
    await page.getByRole('searchbox').fill('/*/b*');
    await expect.poll(() => rows.first().textContent()).toContain('/bin/busybox');
    expect(page.url()).toContain('search=');
    await page.getByRole('searchbox').fill('no such thing');
    await page.getByText('No path matches.').waitFor();
  });

  test('escapes names as the command line does', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/tree/etc/passwd' });
    const row = page.getByRole('row', { name: EVIL_TEXT });
    await row.dblclick();
    await page.getByRole('heading', { name: EVIL_TEXT }).waitFor();
    expect(page.url()).toContain('evil%1B%5B31m%5C%FF');
    await page.reload();
    await page.getByRole('heading', { name: EVIL_TEXT }).waitFor();
  });

  test('names that are HTML are text', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const { bytes } = buildRawImage({ [name]: directory({ '</script>': file('x') }) });
    const page = await browser.openReport(bytes, { route: '/tree' });
    await page.getByRole('button', { name: 'Open all' }).click();
    await page.getByRole('row', { name }).first().waitFor();
    await page.getByRole('row', { name: '</script>' }).waitFor();
  });
});
