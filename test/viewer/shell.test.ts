import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sampleImage } from '../cli/sample-image.js';
import { concat, noise } from '../helpers/raw-image.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

/** Drops a file on the page, as a file manager does. */
function dropScript(name: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64');
  return `(() => {
    const bytes = Uint8Array.from(atob('${base64}'), (char) => char.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], ${JSON.stringify(name)}));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  })()`;
}

describeInBrowser('a report from disk', (browser) => {
  test('shows the image and its facts; tabs are links; the back button goes back', async () => {
    const page = await browser.openReport(sampleImage().bytes);
    expect(await page.title()).toContain('1-0.img');
    expect(await page.locator('.facts').textContent()).toContain('little-endian');
    await page.getByRole('link', { name: 'Tree' }).click();
    await page.getByRole('treegrid').waitFor();
    await page.goBack();
    await page.getByRole('application').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('keeps the kernel from view to view', async () => {
    const page = await browser.openReport(sampleImage().bytes);
    await page.getByText('no MMU').click();
    expect(page.url()).toContain('mmu=no');
    await page.getByRole('link', { name: 'Tree' }).click();
    expect(page.url()).toContain('#/tree?mmu=no');
  });

  test('is dark on request', async () => {
    const page = await browser.openReport(sampleImage().bytes, { dark: true });
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: /^Colours/ }).click();
    await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('light');
  });

  test('fits a telephone', async () => {
    const page = await browser.openReport(sampleImage().bytes, { width: 390, height: 800 });
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('shows the whole tab of the current view where not all have room', async () => {
    const page = await browser.openReport(sampleImage().bytes, { width: 390, route: '/compare' });
    for (const route of ['/compare', '/flash', '/plan', '/lab']) {
      await page.evaluate(`location.hash = '#${route}'`);
      const tab = page.locator(`.tabs [aria-current][href*="${route}"]`);
      await tab.waitFor();
      const { x, width } = (await tab.boundingBox())!;
      expect(x, route).toBeGreaterThanOrEqual(0);
      expect(x + width, route).toBeLessThanOrEqual(390);
    }
  });

  test('a key leads to the field that goes to a file', async () => {
    const page = await browser.openReport(sampleImage().bytes);
    await page.keyboard.press('/');
    await page.keyboard.type('BUSY');
    await page.getByRole('option', { name: '/bin/busybox' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '/bin/busybox' }).waitFor();
  });

  test('without data shows everything except the contents of files', async () => {
    const page = await browser.openReport(sampleImage().bytes, {
      argv: ['--no-data'],
      route: '/file/etc/passwd?bytes=content',
    });
    expect(await page.locator('.facts').textContent()).toContain('without file data');
    await page
      .getByText('has been left out of this report')
      .or(page.locator('.hex-text'))
      .first()
      .waitFor();
    expect(await page.content()).not.toContain('root:x');
    await page.getByRole('link', { name: 'Flash map', exact: true }).click();
    const side = page.locator('.flash-side');
    await expect.poll(() => side.textContent()).not.toContain('Checking');
    expect(await side.textContent()).not.toMatch(/crc-mismatch|block-bad-data/);
  });

  test('says that there is no such view', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/nonsense' });
    await page.getByText('There is no view "nonsense".').waitFor();
  });
});

describeInBrowser('files that are dropped', (browser) => {
  const opened = sampleImage({ endianness: 'big', name: 'dropped' }).bytes;
  test.each([
    ['plain', opened],
    ['compressed with gzip', gzipSync(opened)],
    ['in a firmware file', concat(noise(5000, 3), opened, noise(300, 4))],
  ])('%s', async (_, bytes) => {
    const page = await browser.openReport(sampleImage().bytes);
    await page.evaluate(dropScript('dropped.bin', bytes));
    await expect.poll(() => page.locator('.facts').textContent()).toContain('big-endian');
    expect(page.url()).toContain('image=2');
    expect(await page.getByRole('combobox', { name: 'Image' }).textContent()).toContain('dropped');
  });

  test('that are not images are refused, and open images stay', async () => {
    const page = await browser.openReport(sampleImage().bytes);
    await page.evaluate(dropScript('noise.bin', noise(4000, 1)));
    await page.getByText('there is no cramfs image in the file').waitFor();
    await page.evaluate(dropScript('cut.gz', gzipSync(opened).subarray(0, 200)));
    await page.getByText('the compressed file is damaged or cut off').waitFor();
    await page.getByRole('application').waitFor();
  });
});

describeInBrowser('images with something wrong', (browser) => {
  test('one that is cut off shows the part that is there', async () => {
    const { bytes } = sampleImage();
    const page = await browser.openReport(bytes.subarray(0, bytes.length - 5000), {
      route: '/flash',
    });
    expect(await page.locator('.facts').textContent()).toContain('cut off');
    await page.getByText('image-truncated').waitFor();
    await page.getByRole('link', { name: 'Tree' }).click();
    await page.getByRole('treegrid').waitFor();
  });

  test('every byte in turn may be anything, in every view', async () => {
    const { bytes } = sampleImage();
    const spoiled = Uint8Array.from(bytes);
    for (let at = 512; at < 1200; at += 7) spoiled[at] = (at * 37) & 255;
    const page = await browser.openReport(spoiled, { route: '/flash' });
    for (const name of ['Tree', 'File', 'Flash map']) {
      await page.getByRole('link', { name, exact: true }).click();
      await page.locator('main').getByRole('heading').first().waitFor({ state: 'attached' });
    }
  });
});
