import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePlan } from 'cramfs-planner';
import { buildImageBytes, type XipOptions } from 'mkcramfs';
import { expect, test } from 'vitest';
import { kernelImage } from '../helpers/kernel-images.js';
import { directory, file } from '../helpers/trees.js';
import { accessibilityProblems, describeInBrowser } from './browser.js';

const basic = kernelImage('basic');
const SAMPLES = join(import.meta.dirname, '../../samples/rootfs');

/** An image with one program of the samples: /bin/hello. */
async function imageOf(path: string, mode: XipOptions['mode']): Promise<Uint8Array> {
  const hello = file(readFileSync(join(SAMPLES, path)), { mode: 0o755 });
  const root = directory({ bin: directory({ hello }) });
  return (await buildImageBytes(root, { xip: { mode } })).image;
}

describeInBrowser('a program', (browser) => {
  test('its address space and costs, as in cramfs exec', async () => {
    const page = await browser.openReport(basic, { route: '/program/bin/xpie-gap' });
    await page.getByText('block 1 does not follow the block before it').waitFor();
    expect(await page.locator('.costs tfoot').textContent()).toContain('96 KiB');
    expect(await page.locator('.space-area').count()).toBe(6);
    expect(await page.locator('.program-command').textContent()).toContain(
      'cramfs exec IMAGE /bin/xpie-gap',
    );
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('is found by a part of its path, with the keyboard; options are in the address', async () => {
    const page = await browser.openReport(basic, { route: '/program' });
    const field = page.getByRole('combobox', { name: 'Program' });
    await field.fill('xpie-g');
    await page.getByRole('option').first().waitFor();
    await field.press('Enter');
    await page.locator('.program-head h3', { hasText: '/bin/xpie-gap' }).waitFor();
    await page.getByText('no MMU').click();
    await page.locator('.program-command', { hasText: '--nommu' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/program/bin/xpie-gap?mmu=no');
    await page.goBack();
    await expect
      .poll(() => page.locator('.program-command').textContent())
      .not.toContain('--nommu');
  });

  test('is executed; a link shows the same moment', async () => {
    const page = await browser.openReport(basic, { route: '/program/bin/xpie-gap?run=5000' });
    await page.getByText('5,000 instructions').waitFor();
    await page.getByRole('button', { name: '+1,000', exact: true }).click();
    await page.getByText('6,000 instructions').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('ended: exit 7').waitFor();
    expect(await page.locator('.run-output').textContent()).toContain('"op":"x-start"');
    expect(await page.locator('.run-strip i.u-fetched').count()).toBeGreaterThan(0);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test.each([
    ['armhf/bin/hello', 'mmu', 159],
    ['cortex-m/fdpic/hello', 'nommu', 199],
    ['cortex-m/flat/hello', 'nommu', 148],
  ] as const)('one for ARM is executed in place: %s', async (path, mode, instructions) => {
    const mmu = mode === 'mmu' ? '' : '&mmu=no';
    const image = await imageOf(path, mode);
    const page = await browser.openReport(image, { route: `/program/bin/hello?run=10${mmu}` });
    await page.getByText('10 instructions').waitFor();
    const lit = page.locator('.run-strip i.u-fetched');
    expect(await lit.count()).toBe(1);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('ended: exit 0').waitFor();
    await page.getByText(`${instructions} instructions`).waitFor();
    expect(await lit.count()).toBe(1);
    expect(await page.locator('.run-output').textContent()).toBe('hello, execute-in-place world\n');
    expect(await page.locator('.run-files').textContent()).toContain('/bin/hello');
  });

  test('one that does not start says why', async () => {
    const page = await browser.openReport(basic, { route: '/program/nowhere', dark: true });
    await page.getByText('ENOENT: /nowhere').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});

describeInBrowser('the plan', (browser) => {
  test('a slider chooses, the table follows, and the plan is a file', async () => {
    const page = await browser.openReport(basic, { route: '/plan' });
    await page.locator('.plan-parts tbody tr').first().waitFor({ timeout: 30_000 });
    const slider = page.getByRole('slider', { name: 'Flash' });
    await slider.press('Home');
    await expect.poll(() => page.locator('.plan-facts').textContent()).toContain('0 B more');
    const atLeast = await page.locator('.plan-facts dd').nth(1).textContent();
    await slider.press('End');
    await expect.poll(() => page.locator('.plan-facts dd').nth(1).textContent()).not.toBe(atLeast);
    expect(page.url()).toMatch(/#\/plan\?budget=\d+$/);
    expect(await page.locator('.plan-parts tr.came').count()).toBeGreaterThan(0);
    expect(await accessibilityProblems(page)).toEqual([]);

    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the plan' }).click();
    const plan = parsePlan(readFileSync(await (await saving).path(), 'utf8'));
    expect(plan.lines.some(({ inPlace }) => inPlace > 0)).toBe(true);
  });

  test('a workload in the address, and one that is wrong', async () => {
    const runs = encodeURIComponent('2*/bin/xpie-gap');
    const page = await browser.openReport(basic, { route: `/plan?runs=${runs}&touched=start` });
    await page
      .getByText('Programs, each with every useful page in place')
      .waitFor({ timeout: 30_000 });
    await page.getByLabel('Programs that run').fill('/bin/none');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
    await page.getByText("'/bin/none' does not start").waitFor();
    await page.goBack();
    await page.locator('.plan-parts, .plan .empty').first().waitFor({ timeout: 30_000 });
  });
});
