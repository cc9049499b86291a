import { expect, test } from 'vitest';
import { sampleImage } from '../cli/sample-image.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

describeInBrowser('the flash map', (browser) => {
  test('is worked with the keyboard, and its place is in the address', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/flash' });
    const map = page.getByRole('application');
    await map.focus();
    await page.keyboard.press('Home');
    const here = page.locator('.here');
    await here.getByText('Superblock').waitFor();
    await page.keyboard.press('ArrowRight');
    await here.getByText('Directories').waitFor();
    expect(page.url()).toContain('at=0x4c');
    await page.keyboard.press('+');
    expect(page.url()).toMatch(/row=\d+/);
    await page.keyboard.press('0');
    expect(page.url()).not.toContain('row=');
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('says what the pointer is over, and goes to its file', async () => {
    const image = sampleImage();
    const { start } = image.placed.get('/bin/busybox')!.blocks[0]!;
    const page = await browser.openReport(image.bytes, {
      route: `/flash?row=256&at=${start}`,
    });
    await page.locator('.here').getByText('/bin/busybox').waitFor();
    expect(await page.locator('.here').textContent()).toContain('Block0 of 3');
    const canvas = page.locator('.flash-box canvas');
    await canvas.hover({ position: { x: 400, y: 5 } });
    await canvas.click({ position: { x: 400, y: 5 } });
    expect(page.url()).not.toContain(`at=${start}`);
    await page.locator('.here a').click();
    expect(page.url()).toContain('#/file/');
    await page.goBack();
    await page.locator('.flash-box canvas').waitFor();
  });

  test('two fingers zoom, and do not move the cursor; a tap does', async () => {
    const page = await browser.openReport(sampleImage().bytes, {
      route: '/flash?row=1024',
      width: 390,
      touch: true,
    });
    const map = (await page.getByRole('application').boundingBox())!;
    const [x, y] = [map.x + map.width / 2, map.y + 4];
    const session = await page.context().newCDPSession(page);
    /** One finger stays, the other goes from one distance to another. */
    const pinch = async (distances: readonly number[]): Promise<void> => {
      for (const [index, distance] of distances.entries()) {
        await session.send('Input.dispatchTouchEvent', {
          type: index === 0 ? 'touchStart' : 'touchMove',
          touchPoints: [
            { x: x + distance, y, id: 1 },
            { x, y, id: 2 },
          ],
        });
      }
      await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    await pinch([20, 60, 100, 140]);
    await expect.poll(() => page.url()).toMatch(/row=(64|128|256)$/);
    const near = page.url();
    await pinch([140, 100, 60, 40]);
    await expect.poll(() => page.url()).not.toBe(near);
    expect(page.url()).not.toContain('at=');
    await page.touchscreen.tap(x, y);
    await expect.poll(() => page.url()).toContain('at=');
  });

  test('the legend dims a kind, and the flash has its own sizes', async () => {
    const page = await browser.openReport(sampleImage().bytes, { route: '/flash' });
    await page.getByRole('checkbox', { name: /^Compressed/ }).uncheck();
    expect(page.url()).toContain('dim=compressed');
    await page.getByLabel('Erase block').fill('4K');
    await page.getByLabel('Partition').fill('8K');
    await page.keyboard.press('Enter');
    await page.getByText('too large for the partition').waitFor();
    expect(page.url()).toContain('erase=4096&partition=8192');
    await page.getByLabel('Partition').fill('8 bananas');
    expect(await page.getByLabel('Partition').getAttribute('aria-invalid')).toBe('true');
  });

  test('findings of a damaged image are marks, and lead to their places', async () => {
    const { bytes } = sampleImage();
    bytes.fill(0xff, bytes.length - 100);
    const page = await browser.openReport(bytes, { route: '/flash' });
    const finding = page.locator('.findings button:enabled').first();
    await finding.click();
    expect(page.url()).toContain('at=0x');
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});
