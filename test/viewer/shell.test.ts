import { expect, test } from 'vitest';
import { sampleImage } from '../cli/sample-image.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

describeInBrowser('a report from disk', (browser) => {
  test('shows the image', async () => {
    const page = await browser.openReport(sampleImage().bytes);
    expect(await page.title()).toContain('1-0.img');
    expect(await page.locator('.facts').textContent()).toContain('little-endian');
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});
