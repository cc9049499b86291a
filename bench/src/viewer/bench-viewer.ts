import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { MIB } from '../corpus.js';
import { median } from '../run.js';
import type { Verdict } from '../targets.js';

/** From a drop to the first view, in seconds, of an image of at most {@link FIRST_VIEW_SIZE}. */
const FIRST_VIEW_LIMIT = 1;
/** 16 MiB of data, and what describes them. */
const FIRST_VIEW_SIZE = 17 * MIB;
/** From a key or a click to what it shows, in seconds. */
const INTERACTION_LIMIT = 0.1;
/** How long is waited for what should show, in milliseconds. */
const PATIENCE = 20_000;

const CRAMFS = fileURLToPath(new URL('../../../packages/cli/bin/cramfs.js', import.meta.url));

interface Subject {
  readonly name: string;
  readonly image: string;
  /** A file or directory of more than 4 KiB. */
  readonly path: string;
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

/** What is done in the page, and how it is known that it shows. PATH is the subject's. */
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
    shown: `document.querySelector('.tree-row[aria-level="3"]') !== null`,
  },
  {
    what: 'tree: next row',
    route: '/tree/',
    act: key('.tree-grid', 'ArrowDown'),
    shown: `document.querySelector('#row-1[aria-selected=true]') !== null`,
  },
  {
    what: 'go to: a search',
    route: '/flash',
    act: `(() => { const field = document.querySelector('.go-to input'); field.value = 'a'; field.dispatchEvent(new Event('input', { bubbles: true })); })()`,
    shown: `document.querySelectorAll('.go-to-list .mono').length > 0`,
  },
  {
    what: 'file: next bytes',
    route: '/file/PATH?at=0',
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
    for (const { name, image, path } of makeSubjects(work)) {
      progress(`${name}: first view`);
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      const first = await timesOf(rounds, () => firstView(page, address, image));
      timings.push({ subject: name, what: 'first view', seconds: first });
      if (statSync(image).size <= FIRST_VIEW_SIZE) {
        targets.push(verdictOf(`${name}: first view`, first, FIRST_VIEW_LIMIT));
      }
      for (const { what, route, act, shown } of INTERACTIONS) {
        progress(`${name}: ${what}`);
        const there = route.replace('PATH', path);
        const seconds = await timesOf(rounds, () => interaction(page, there, act, shown));
        timings.push({ subject: name, what, seconds });
        targets.push(verdictOf(`${name}: ${what}`, seconds, INTERACTION_LIMIT));
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

/**
 * Waits in the page until something shows and has been painted; gives the milliseconds since `start`. It
 * rejects, naming what was awaited, if that has not shown after {@link PATIENCE} or cannot be looked for.
 */
function untilShown(start: string, shown: string): string {
  const awaited = JSON.stringify(shown);
  return `new Promise((resolve, reject) => {
    const start = ${start};
    const look = () => {
      try {
        if (${shown}) requestAnimationFrame(() => resolve(performance.now() - start));
        else if (performance.now() - start < ${PATIENCE}) requestAnimationFrame(look);
        else reject(new Error('not shown within ${PATIENCE / 1000} s: ' + ${awaited}));
      } catch (error) {
        reject(new Error('cannot look for ' + ${awaited} + ': ' + error));
      }
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
  // Show another view first, so that each round starts afresh.
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
      path: 'directory-0/data-0',
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
      path: 'directory-0',
    },
    {
      name: '256 MiB',
      image: build('large', (folder) => {
        writeFiles(folder, 18, 14 * MIB, 2);
      }),
      path: 'directory-0/data-0',
    },
  ];
}

/** Files that hardly compress, in two directories. */
function writeFiles(folder: string, count: number, size: number, seed: number): void {
  let state = seed;
  const bytes = new Uint32Array(size / 4);
  for (let file = 0; file < count; file += 1) {
    for (let at = 0; at < bytes.length; at += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[at] = state;
    }
    const directory = join(folder, `directory-${file % 2}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `data-${file}`), new Uint8Array(bytes.buffer));
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
