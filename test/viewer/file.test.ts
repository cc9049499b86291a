import { expect, test } from 'vitest';
import { sampleImage } from '../cli/sample-image.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

describeInBrowser('the view of a file', (browser) => {
  test('a link leads to a page of it, and says why the page is not in place', async () => {
    const page = await browser.openReport(sampleImage().bytes, {
      route: '/file/bin/busybox?page=1',
    });
    await page.getByRole('heading', { name: '/bin/busybox' }).waitFor();
    const pages = page.getByRole('listbox', { name: 'Pages' });
    expect(await pages.getAttribute('aria-activedescendant')).toBe('page-1');
    await pages.focus();
    await page.keyboard.press('End');
    expect(page.url()).toContain('page=2');
    await page.keyboard.press('ArrowLeft');
    expect(page.url()).toContain('page=1');
    const says = page.locator('.page-says');
    expect(await says.textContent()).toMatch(/^Page 1: (?:From flash|In RAM)/);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('bytes and fields mark each other', async () => {
    const image = sampleImage();
    const page = await browser.openReport(image.bytes, { route: '/file/?at=0' });
    const fields = page.getByRole('listbox', { name: 'Structures' });
    const selected = fields.locator('[aria-selected=true]');
    await expect.poll(() => selected.textContent()).toContain('magic0x28cd3d45');
    const byte = (at: number) => page.locator(`.hex-cells [data-at="${at}"]`);
    await byte(5).click();
    await expect.poll(() => selected.textContent()).toContain('size0x');
    await expect.poll(() => page.locator('.hex-cells .in-field').count()).toBe(3);
    await fields.getByText('"sample"').click();
    expect(await byte(48).getAttribute('class')).toBe('here-byte');
    const { entry } = image.placed.get('/bin/busybox')!;
    await page.getByLabel('At', { exact: true }).fill(String(entry));
    await page.keyboard.press('Enter');
    await expect.poll(() => selected.textContent()).toContain('mode0104755');
  });

  test('the content of a file can be read, compressed or not', async () => {
    const page = await browser.openReport(sampleImage().bytes, {
      route: '/file/etc/passwd?bytes=content',
    });
    await expect
      .poll(async () => (await page.locator('.hex-text').first().textContent()) ?? '')
      .toBe('root:x:0:0::/:/b');
  });

  test('reports what is wrong with a path', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/file/no/such' });
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('/no');
  });
});
