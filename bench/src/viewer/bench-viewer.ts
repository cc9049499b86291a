import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { MIB } from '../corpus.js';
import { median } from '../run.js';
import type { Verdict } from '../targets.js';

/** From a drop to the first view, in seconds, of an image of 16 MiB. */
const FIRST_VIEW_LIMIT = 1;
/** From a key or a click to what it shows, in seconds. */
const INTERACTION_LIMIT = 0.1;

const CRAMFS = fileURLToPath(new URL('../../../packages/cli/bin/cramfs.js', import.meta.url));

interface Subject {
  readonly name: string;
  readonly image: string;
  /** True if the limits are for it. */
  readonly isTarget: boolean;
}

interface Timing {
  readonly subject: string;
  readonly what: string;
  readonly seconds: number;
}

export interface ViewerReport {
  readonly timings: readonly Timing[];
  readonly targets: readonly Verdict[];
}

/** What is done in the page, and how it is known that it shows. */
const INTERACTIONS: readonly {
  readonly what: string;
  readonly route: string;
  readonly act: string;
  readonly shown: string;
}[] = [
  {
    what: 'flash map: zoom in',
    route: '/flash?at=0x1000',
    act: key('.flash-box', '+'),
    shown: `location.hash.includes('row=')`,
  },
  {
    what: 'flash map: next range',
    route: '/flash?at=0x1000',
    act: key('.flash-box', 'ArrowRight'),
    shown: `!document.querySelector('.here').textContent.includes('0x1000')`,
  },
  {
    what: 'tree: sort by size',
    route: '/tree/',
    act: `[...document.querySelectorAll('.tree-head button')].find((b) => b.textContent.startsWith('Size')).click()`,
    shown: `document.querySelector('.c-size[aria-sort=descending]') !== null`,
  },
  {
    what: 'tree: open all',
    route: '/tree/',
    act: `[...document.querySelectorAll('.bar button')].find((b) => b.textContent === 'Open all').click()`,
    shown: `document.querySelectorAll('.tree-row').length > 20`,
  },
  {
    what: 'tree: next row',
    route: '/tree/',
    act: key('.tree-grid', 'ArrowDown'),
    shown: `document.querySelector('[aria-selected=true]') !== null`,
  },
  {
    what: 'go to: a search',
    route: '/flash',
    act: `(() => { const field = document.querySelector('.go-to input'); field.value = 'a'; field.dispatchEvent(new Event('input', { bubbles: true })); })()`,
    shown: `document.querySelectorAll('.go-to-list .mono').length > 0`,
  },
  {
    what: 'file: next bytes',
    route: '/file/?at=0',
    act: `document.querySelector('[aria-label="Next bytes"]').click()`,
    shown: `document.querySelector('.here-byte')?.dataset.at === '4096'`,
  },
];

function key(selector: string, name: string): string {
  return `document.querySelector('${selector}').dispatchEvent(new KeyboardEvent('keydown', { key: '${name}', bubbles: true }))`;
}

/**
 * Times the viewer in Chromium: the first view after a file was chosen, and what keys and clicks do.
 *
 * @param rounds of which the median counts.
 */
export async function benchViewer(
  rounds: number,
  work: string,
  progress: (text: string) => void,
): Promise<ViewerReport> {
  const child = spawn(process.execPath, [CRAMFS, 'view', '--no-open']);
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  const timings: Timing[] = [];
  const targets: Verdict[] = [];
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const address = line.toString().trim();
    for (const { name, image, isTarget } of makeSubjects(work)) {
      progress(`${name}: first view`);
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      const first = await timesOf(rounds, () => firstView(page, address, image));
      timings.push({ subject: name, what: 'first view', seconds: first });
      if (isTarget) targets.push(verdictOf(`${name}: first view`, first, FIRST_VIEW_LIMIT));
      for (const { what, route, act, shown } of INTERACTIONS) {
        progress(`${name}: ${what}`);
        const seconds = await timesOf(rounds, () => interaction(page, route, act, shown));
        timings.push({ subject: name, what, seconds });
        if (isTarget) targets.push(verdictOf(`${name}: ${what}`, seconds, INTERACTION_LIMIT));
      }
      await page.close();
    }
  } finally {
    await browser.close();
    child.kill();
  }
  return { timings, targets };
}

function verdictOf(target: string, measured: number, limit: number): Verdict {
  return { target, measured, limit, unit: 's', pass: measured <= limit };
}

async function timesOf(rounds: number, time: () => Promise<number>): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) seconds.push(await time());
  return median(seconds);
}

/** Waits in the page until something shows and has been painted; gives the milliseconds since `start`. */
function untilShown(start: string, shown: string): string {
  return `new Promise((resolve) => {
    const start = ${start};
    const look = () => {
      if (${shown}) requestAnimationFrame(() => resolve(performance.now() - start));
      else requestAnimationFrame(look);
    };
    look();
  })`;
}

async function firstView(page: Page, address: string, image: string): Promise<number> {
  await page.goto(address);
  await page.reload();
  await page.evaluate(
    `addEventListener('change', () => { globalThis.chosenAt = performance.now(); }, true)`,
  );
  await page.locator('input[type=file]').setInputFiles(image);
  const shown = `document.querySelector('.flash-box canvas') !== null`;
  return (await page.evaluate<number>(untilShown('globalThis.chosenAt', shown))) / 1000;
}

async function interaction(page: Page, route: string, act: string, shown: string): Promise<number> {
  // Another view first: each time starts afresh.
  await page.evaluate(`location.hash = '#/nonsense'`);
  await page.waitForTimeout(100);
  await page.evaluate(`location.hash = '#${route}'`);
  await page.waitForTimeout(1500);
  return (
    (await page.evaluate<number>(
      `(() => { const at = performance.now(); ${act}; return ${untilShown('at', shown)}; })()`,
    )) / 1000
  );
}

/** An image of 16 MiB, one of 60,000 files, and one of 256 MiB. */
function makeSubjects(work: string): Subject[] {
  const build = (name: string, fill: (folder: string) => void): string => {
    const folder = join(work, name);
    mkdirSync(folder);
    fill(folder);
    const image = join(work, `${name}.img`);
    execFileSync(process.execPath, [CRAMFS, 'build', folder, image, '-q'], { stdio: 'ignore' });
    return image;
  };
  return [
    {
      name: '16 MiB',
      image: build('small', (folder) => {
        writeFiles(folder, 16, MIB, 1);
      }),
      isTarget: true,
    },
    {
      name: '60,000 files',
      image: build('many', (folder) => {
        for (let at = 0; at < 60; at += 1) {
          const directory = join(folder, `directory-${at}`);
          mkdirSync(directory);
          for (let file = 0; file < 1000; file += 1) {
            writeFileSync(join(directory, `a-file-with-a-name-${file}`), `${at} ${file}\n`);
          }
        }
      }),
      isTarget: true,
    },
    {
      name: '256 MiB',
      image: build('large', (folder) => {
        writeFiles(folder, 18, 14 * MIB, 2);
      }),
      isTarget: true,
    },
  ];
}

/** Files that hardly compress. */
function writeFiles(folder: string, count: number, size: number, seed: number): void {
  let state = seed;
  const bytes = new Uint32Array(size / 4);
  for (let file = 0; file < count; file += 1) {
    for (let at = 0; at < bytes.length; at += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[at] = state;
    }
    writeFileSync(join(folder, `data-${file}`), new Uint8Array(bytes.buffer));
  }
}

/** A line for each time, and one for each limit that is missed. */
export function formatViewerReport({ timings, targets }: ViewerReport): string {
  const lines = timings.map(
    ({ subject, what, seconds }) =>
      `${subject.padEnd(14)} ${what.padEnd(24)} ${(seconds * 1000).toFixed(0).padStart(6)} ms`,
  );
  const missed = targets
    .filter(({ pass }) => pass === false)
    .map(({ target, measured, limit }) => `missed: ${target}: ${measured!} s, limit ${limit}`);
  return `${[...lines, ...missed].join('\n')}\n`;
}
