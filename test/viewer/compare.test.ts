import { expect, test } from 'vitest';
import { buildRawImage, directory, file } from '../helpers/raw-image.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

const BEFORE = buildRawImage({ etc: directory({ a: file('1'), b: file('2'), c: file('3') }) });
const AFTER = buildRawImage({
  etc: directory({ a: file('1'), b: file('other'), d: file('4') }),
});

describeInBrowser('the comparison of two images', (browser) => {
  test('lists the differences, and goes to the image that has them', async () => {
    const page = await browser.openReport([BEFORE.bytes, AFTER.bytes], {
      route: '/compare?image=2',
    });
    await page.getByText('1 added, 1 removed, 1 changed').waitFor();
    const grid = page.getByRole('grid', { name: 'Differences' });
    await grid.focus();
    await page.keyboard.press('Home');
    expect(page.url()).toContain('#/compare/etc/b');
    expect(await page.getByRole('row', { name: '/etc/b' }).textContent()).toContain(
      'size, content',
    );
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('link', { name: '/etc/c' }).click();
    await page.getByRole('heading', { name: '/etc/c' }).waitFor();
    expect(page.url()).toContain('image=1');
  });

  test('says that equal images are equal, and what to do with one alone', async () => {
    const page = await browser.openReport([BEFORE.bytes, BEFORE.bytes], { route: '/compare' });
    await page.getByText('The images are the same, byte for byte.').waitFor();
    const alone = await browser.openReport(BEFORE.bytes, { route: '/compare' });
    await alone.getByText('Open a second image').waitFor();
  });
});
