import { once } from 'node:events';
import { request } from 'node:http';
import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { cramfs, launcher } from '../cli/run-cli.js';
import { Folder } from '../cli/folder.js';
import { sampleImage } from '../cli/sample-image.js';
import { describeInBrowser } from './browser.js';

const folder = new Folder();
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Starts `cramfs view`, and gives the address that it prints. */
async function view(...argv: string[]): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, [launcher('cramfs'), 'view', '--no-open', ...argv]);
  running.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, address: line.toString().trim() };
}

/** The status of an answer. */
async function statusOf(
  address: string,
  { host, method = 'GET' }: { host?: string; method?: string } = {},
): Promise<number | undefined> {
  const asked = request(address, { method, headers: host === undefined ? {} : { host } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [{ statusCode?: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

describe('the server of cramfs view', () => {
  test('answers to its address alone, and ends well with ^C', async () => {
    const image = folder.write('a.img', sampleImage().bytes);
    const { child, address } = await view(image);
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{24}\/$/);
    expect(await statusOf(address)).toBe(200);
    expect(await statusOf(`${address}image/0`)).toBe(200);
    expect(await statusOf(`${address}image/1`)).toBe(404);
    expect(await statusOf(`${address}../`)).toBe(404);
    expect(await statusOf(new URL('/', address).href)).toBe(404);
    const other = address.replace(/.\/$/, (end) => (end === '_/' ? '-/' : '_/'));
    expect(await statusOf(other)).toBe(404);
    expect(await statusOf(address, { host: 'evil.example' })).toBe(421);
    expect(await statusOf(address, { method: 'POST' })).toBe(405);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('refuses the same as other commands', async () => {
    const bad = folder.write('bad.img', 'not an image');
    expect(await cramfs(['view', bad, '--no-open'])).toMatchObject({ code: 8 });
    expect(await cramfs(['view', '-o', folder.path('x.html')])).toMatchObject({ code: 16 });
    const image = folder.write('a.img', sampleImage().bytes);
    const where = folder.path('no', 'such', 'x.html');
    const { code, stderr } = await cramfs(['view', image, '-o', where]);
    expect([code, stderr.split('\n').length]).toEqual([8, 2]);
  });
});

describeInBrowser('a page that is served', (browser) => {
  test('fetches its images once, and shows them', async () => {
    const image = folder.write('a.img', sampleImage().bytes);
    const { address } = await view(image, image);
    const page = await browser.open(address);
    await page.locator('.tabs').waitFor();
    await expect.poll(() => page.locator('h1 option').count()).toBe(2);
    await page.getByRole('link', { name: 'Tree' }).click();
    await page.getByRole('treegrid').waitFor();
  });

  test('without an image has a place to drop one', async () => {
    const { address } = await view();
    const page = await browser.open(address);
    const file = folder.write('chosen.img', sampleImage().bytes);
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByRole('application').waitFor();
    expect(await page.title()).toContain('chosen.img');
  });
});
