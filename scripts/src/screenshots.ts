import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, cpSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { inRepository } from './paths.js';

/*
 * node scripts/dist/screenshots.js [CHROMIUM]: the pictures of docs/images, of the sample image and of one
 * in which a few files are others.
 */

/** What is done in the laboratory. */
const SESSION = [
  'mount mtd',
  'open 0 armhf/bin/greet r',
  'mmap a 0 0x4000 r private 0 0x40000000',
  'touch a 0 r',
  'touch a 3 r',
].join('\n');

/** What is shown, and the file it becomes. */
const PICTURES = [
  { name: 'flash', route: '/flash?erase=65536&at=0x22000' },
  { name: 'tree', route: '/tree/armhf/bin/greet' },
  { name: 'file', route: '/file/armhf/bin/greet?page=2' },
  { name: 'lab', route: `/lab?steps=${encodeURIComponent(SESSION)}` },
  { name: 'program', route: '/program/riscv64/bin/crc32sum' },
  { name: 'plan', route: '/plan' },
  { name: 'compare', route: '/compare/etc/motd?image=2' },
  { name: 'flash-dark', route: '/flash?erase=65536&at=0x22000', dark: true },
  { name: 'flash-narrow', route: '/flash?at=0x22000', width: 390 },
  { name: 'file-narrow', route: '/file/armhf/bin/greet?page=3', width: 390, dark: true },
] as const satisfies readonly Picture[];

interface Picture {
  readonly name: string;
  readonly route: string;
  readonly width?: number;
  readonly dark?: boolean;
}

function cramfs(...argv: readonly string[]): void {
  const launcher = inRepository('packages/cli/bin/cramfs.js');
  execFileSync(process.execPath, [launcher, ...argv], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function build(tree: string, image: string): void {
  const devices = inRepository('samples/device-table.txt');
  cramfs('build', tree, image, '--xip=mmu', '-q', '-D', devices);
}

/** Writes a report with the sample image and its changed twin; returns its address. */
function writeReport(work: string): string {
  const sample = inRepository('samples/rootfs');
  const changed = join(work, 'changed');
  cpSync(sample, changed, { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(changed, 'etc/motd'), 'Another message.\n');
  writeFileSync(join(changed, 'etc/release'), '2\n');
  rmSync(join(changed, 'x86_64/bin/cat'));
  const [before, after] = [join(work, 'rootfs.img'), join(work, 'rootfs-2.img')];
  build(sample, before);
  build(changed, after);
  const report = join(work, 'report.html');
  cramfs('view', before, after, '--output', report);
  return pathToFileURL(report).href;
}

const work = mkdtempSync(join(tmpdir(), 'screenshots-'));
const browser = await chromium.launch({
  executablePath: process.argv[2] ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  const address = writeReport(work);
  const images = inRepository('docs/images');
  mkdirSync(images, { recursive: true });
  for (const { name, route, width = 1280, dark = false } of PICTURES as readonly Picture[]) {
    const page = await browser.newPage({
      viewport: { width, height: 800 },
      colorScheme: dark ? 'dark' : 'light',
    });
    await page.goto(`${address}#${route}`);
    await page.locator('.tabs').waitFor();
    await page.waitForFunction(`document.querySelector('[aria-busy=true]') === null`);
    // Canvases are drawn a moment later.
    await page.waitForTimeout(1000);
    await page.screenshot({ path: join(images, `${name}.png`), fullPage: width < 760 });
    await page.close();
  }
} finally {
  await browser.close();
  rmSync(work, { recursive: true });
}
