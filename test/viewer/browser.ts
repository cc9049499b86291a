import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { cramfs } from '../cli/run-cli.js';
import { builtFile } from '../helpers/built.js';
import { findPeer } from '../helpers/peers.js';

/*
 * The viewer in a real browser: Chromium of the system's packages, driven by playwright-core. Without one
 * the tests are skipped, by name.
 */

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** The screen is a touch screen. */
  readonly touch?: boolean;
  /** The part of the address after `#`, such as `/tree?sort=size`. */
  readonly route?: string;
}

/** One browser for the tests of a file; each test has a context of its own. */
export class TestBrowser {
  private browser: Browser | undefined;
  private folder = '';
  private readonly contexts: BrowserContext[] = [];
  /** What pages have said on the console as errors, exceptions, and requests after they were loaded. */
  private complaints: string[] = [];
  private files = 0;

  constructor() {
    beforeAll(async () => {
      builtFile('packages/viewer/bundle/viewer.html');
      this.folder = mkdtempSync(join(tmpdir(), 'viewer-'));
      this.browser = await chromium.launch({
        executablePath: findPeer('chromium')!,
        // Chromium has no sandbox for root.
        args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
      });
    }, 60_000);
    afterAll(async () => {
      await this.browser?.close();
      rmSync(this.folder, { recursive: true, force: true });
    });
    afterEach(async () => {
      for (const context of this.contexts.splice(0)) await context.close();
      const complaints = this.complaints;
      this.complaints = [];
      expect(complaints).toEqual([]);
    });
  }

  /** Writes a file, and returns its path. */
  file(name: string, bytes: Uint8Array | string): string {
    const path = join(this.folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  /** Opens a page; once it is loaded, it may not ask the network for anything. */
  async open(address: string, options: PageOptions = {}): Promise<Page> {
    const { width = 1280, height = 800, dark = false, touch = false, route = '' } = options;
    const context = await this.browser!.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      hasTouch: touch,
      acceptDownloads: true,
    });
    this.contexts.push(context);
    const page = await context.newPage();
    let loaded = false;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const isLocal = /^(?:blob|data):/.test(request.url());
      if (loaded && !isLocal && !request.isNavigationRequest())
        this.complaints.push(`request after load: ${request.url()}`);
    });
    await page.goto(route === '' ? address : `${address}#${route}`);
    await page.locator('main').waitFor();
    if (!address.startsWith('http:')) await page.locator('.tabs').waitFor();
    await page.waitForLoadState('networkidle');
    loaded = true;
    return page;
  }

  /** Writes a report of images with `cramfs view --output`, and opens it from disk. */
  async openReport(
    images: Uint8Array | readonly Uint8Array[],
    options: PageOptions & { readonly argv?: readonly string[] } = {},
  ): Promise<Page> {
    const list = images instanceof Uint8Array ? [images] : images;
    const number = (this.files += 1);
    const files = list.map((bytes, index) => this.file(`${number}-${index}.img`, bytes));
    const report = join(this.folder, `${number}.html`);
    const { code, stderr } = await cramfs([
      'view',
      ...files,
      '--output',
      report,
      ...(options.argv ?? []),
    ]);
    expect([code, stderr]).toEqual([0, '']);
    return this.open(pathToFileURL(report).href, options);
  }
}

/** `describe` for tests in a browser; without one they are skipped, and the title says why. */
export function describeInBrowser(title: string, tests: (browser: TestBrowser) => void): void {
  if (findPeer('chromium') === undefined) {
    describe.skip(`${title} (not installed: chromium)`, () => undefined);
    return;
  }
  describe(title, () => {
    tests(new TestBrowser());
  });
}

/** What axe-core finds wrong with a page for people who hear or type it: a line for each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ' ' + failureSummary)))`,
  );
  return found;
}
