import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { noise, prose } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const PAGE = 4096;
const folder = new Folder();
const at = (name: string): string => folder.path(name);

/** A static program: a page of headers, text, and data that it writes to. */
function program(textPages: number, seed: number): Uint8Array {
  const text = textPages * PAGE;
  const body = prose(PAGE + text + 300, seed);
  body.set(noise(text / 2, seed), PAGE);
  return elfFile(
    64,
    true,
    [
      { flags: 4, offset: 0, filesz: 0x200, vaddr: 0x10000 },
      { flags: 5, offset: PAGE, filesz: text, vaddr: 0x20000 },
      { flags: 6, offset: PAGE + text, filesz: 300, vaddr: 0x40000 },
    ],
    body,
  );
}

interface PlanResult {
  readonly exact: boolean;
  readonly choice: { readonly flash: number; readonly ram: number; readonly gap: number };
  readonly parts: readonly { readonly path: string; readonly inPlace: number }[];
  readonly refusals: readonly { readonly message: string; readonly paths: readonly string[] }[];
  readonly next: { readonly flash: { readonly saves: number } };
  readonly curve: readonly { readonly flash: number; readonly ram: number }[];
}

async function planJson(root: string, args: readonly string[]): Promise<PlanResult> {
  return (await cramfsJson(['plan', root, '-q', ...args])) as PlanResult;
}

function makeTree(name: string): string {
  const root = at(name);
  writeTree(root, { a: program(9, 1), b: program(3, 2), text: prose(20_000, 3) });
  return root;
}

function writeTree(root: string, files: Readonly<Record<string, Uint8Array>>): void {
  mkdirSync(root, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(`${root}/${name}`, bytes, { mode: 0o755 });
  }
}

test('the image that a plan makes has the size and the RAM that were promised', async () => {
  const root = makeTree('promise');
  const workload = ['--run', '2*/a', '--run', '/b'];
  const free = await planJson(root, workload);
  const [smallest, largest] = [free.curve[0]!.flash, free.curve.at(-1)!.flash];
  const flash = smallest + Math.round((largest - smallest) / 2);
  const planFile = at('promise.plan');
  const svg = at('promise.svg');
  const budget = ['--flash', String(flash), '-o', planFile, '--svg', svg];
  const found = await planJson(root, [...workload, ...budget]);
  expect(found.exact).toBe(true);
  expect(found.choice.gap).toBe(0);
  expect(found.choice.flash).toBeLessThanOrEqual(flash);
  expect(found.next.flash.saves).toBeGreaterThan(0);
  expect(found.parts.some(({ inPlace }) => inPlace > 0)).toBe(true);
  expect(found.refusals[0]).toMatchObject({ paths: ['/a', '/b'] });

  const image = at('promise.img');
  expect((await cramfs(['build', root, image, '-q', '--xip-plan', planFile])).code).toBe(0);
  expect(statSync(image).size).toBe(found.choice.flash);
  const ofImage = await planJson(image, [...workload, '--flash', String(flash)]);
  expect(ofImage.choice).toEqual(found.choice);
  const oneStep = at('one-step.img');
  const step = ['build', root, oneStep, '-q', '--flash', String(flash), ...workload];
  expect((await cramfs(step)).code).toBe(0);
  expect(readFileSync(oneStep)).toEqual(readFileSync(image));
  const { total } = (await cramfsJson(['exec', image, ...workload])) as {
    total: { atMost: { bytes: number } };
  };
  expect(total.atMost.bytes).toBe(found.choice.ram);
  expect(readFileSync(svg, 'utf8')).toMatch(/^<svg .*bytes of the image.*chosen: /s);
});

test('the least RAM needs all that is touched; the table is for 80 columns', async () => {
  const root = makeTree('table');
  const args = ['plan', root, '-q', '--run', '/a', '--touched', 'all'];
  const curve = await cramfs(args, { terminal: 80 });
  expect(curve.stdout).toMatch(/smallest image +\d+ +\d+/);
  expect(curve.stdout).toMatch(/all that is touched/);
  expect(curve.stdout).toMatch(/PROGRAM WITH ITS LIBRARIES +IMAGE.*\n\/a +\d+ +\d+/);
  const chosen = await cramfs([...args, '--ram', '1M'], { terminal: 80 });
  expect(chosen.stdout).toMatch(/^Choice: +the best there is/m);
  expect(chosen.stdout).toMatch(/writable segment/);
  for (const { stdout } of [curve, chosen]) {
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }
});

test('out of time: the choice fits, and what it may be off is told', async () => {
  const root = makeTree('time');
  const args = ['plan', root, '-q', '--flash', '70000'];
  const best = (await planJson(root, ['--flash', '70000'])).choice;
  const found = await planJson(root, ['--flash', '70000', '--time', '0']);
  expect(found.exact).toBe(false);
  expect(found.choice.flash).toBeLessThanOrEqual(70000);
  expect(best.ram).toBeGreaterThanOrEqual(found.choice.ram - found.choice.gap * PAGE);
  const { stdout } = await cramfs([...args, '--time', '0']);
  expect(stdout).toMatch(/^Choice: +(?:the best there is|out of time: at most \d+ pages? of RAM)/m);
});

test('names that are not ASCII, or not text, are in a plan as they are printed', async () => {
  const root = at('names');
  mkdirSync(root);
  const odd = Buffer.from(`${root}/b\xff`, 'latin1');
  writeFileSync(`${root}/é a`, program(2, 1), { mode: 0o755 });
  writeFileSync(odd, program(3, 2), { mode: 0o755 });
  const planFile = at('names.plan');
  await cramfs(['plan', root, '-q', '--flash', '1M', '-o', planFile]);
  expect(readFileSync(planFile, 'utf8')).toMatch(/ \/b\\xff\n[^]* \/é a\n/);
  const built = await cramfs(['build', root, at('names.img'), '-q', '--xip-plan', planFile]);
  expect(built).toMatchObject({ code: 0, stderr: '' });
  expect(built.stdout).toMatch(/ 7 XIP pages/);
});

test('what --adapt left out is counted after ten lines; -v lists all', async () => {
  const root = at('many');
  const names = Array.from({ length: 14 }, (_, index) => `p${index}`);
  writeTree(root, Object.fromEntries(names.map((name, index) => [name, program(2, index)])));
  await cramfs(['plan', root, '-q', '-o', at('many.plan'), '--flash', '1M']);
  for (const name of names.slice(1)) rmSync(`${root}/${name}`);
  const build = ['build', root, at('many.img'), '-q', '--xip-plan', at('many.plan'), '--adapt'];
  const { code, stderr } = await cramfs(build);
  expect(code).toBe(0);
  expect(stderr.match(/there is no such file: left out/g)).toHaveLength(10);
  expect(stderr).toMatch(/: and 3 more: remarks about the plan \(-v lists all\)\n$/);
  expect((await cramfs([...build, '-v'])).stderr.match(/left out/g)).toHaveLength(13);
});

test('a plan that does not fit the tree names the line; --adapt goes on and says how', async () => {
  const root = makeTree('moved');
  const planFile = at('moved.plan');
  const image = at('moved.img');
  await cramfs(['plan', root, '-q', '--flash', '1M', '-o', planFile]);
  const text = readFileSync(planFile, 'utf8');
  const lineOf = (part: string): number =>
    text.split('\n').findIndex((line) => line.endsWith(part)) + 1;
  const build = ['build', root, image, '-q', '--xip-plan', planFile];

  writeTree(root, { a: program(7, 1) });
  const moved = await cramfs(build);
  expect(moved).toMatchObject({ code: 8, stdout: '' });
  expect(moved.stderr).toMatch(
    /moved\.plan: line \d+: \/a r-x: pages 1 to 9 in the plan, 1 to 7 in/,
  );

  writeTree(root, { a: program(9, 4) });
  const changed = await cramfs(build);
  expect(changed.stderr).toMatch(`line ${lineOf('/a')}: /a r--: its pages have changed`);
  expect(changed.code).toBe(8);
  const adapted = await cramfs([...build, '--adapt']);
  expect(adapted).toMatchObject({ code: 0 });
  expect(adapted.stderr).toMatch(/line \d+: \/a r-x: its pages have changed: kept/);

  rmSync(`${root}/b`);
  writeTree(root, { a: program(9, 1) });
  expect((await cramfs(build)).stderr).toMatch(
    `line ${lineOf('/b')}: /b: there is no such file (--adapt goes on: left out)`,
  );
});

test.each([
  [['--flash', '1M', '--ram', '1M'], /only one can be the budget/, 16],
  [['--mmu', '--nommu'], /only one is possible/, 16],
  [['-o', 'x'], /--output needs a budget/, 16],
  [['--flash', '4096'], /4096 bytes of flash are not enough: the smallest image has \d+/, 8],
  [['--ram', '1', '--run', '/a'], /1 bytes? of RAM are not enough/, 8],
  [['--phys', '0x22000800'], /0x22000800 is not a multiple of the page size/, 16],
  [['--run', '/nothing'], /'\/nothing' does not start: ENOENT/, 8],
])('%j', async (args, message, code) => {
  const result = await cramfs(['plan', makeTree('refused'), '-q', ...args]);
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(code);
});

test.each([
  ['cramfs-xip-plan 2\n', /line 1: version 2 is not known/],
  ['nonsense\n', /line 1: not a plan/],
  ['cramfs-xip-plan 1\nkernel mmu\npage-size 4096\n\n1/2 /a\n', /line 5: not a part/],
  [
    'cramfs-xip-plan 1\nkernel mmu\npage-size 4096\n3/2 0 r-x 00000000 /a\n',
    /line 4: 3 of 2 pages/,
  ],
])('a file that is not a plan: %j', async (text, message) => {
  const planFile = at('bad.plan');
  writeFileSync(planFile, text);
  const result = await cramfs([
    'build',
    makeTree('bad'),
    at('bad.img'),
    '-q',
    '--xip-plan',
    planFile,
  ]);
  expect(result.stderr).toMatch(message);
  expect(result.code).toBe(8);
});

test('options that contradict a plan are refused', async () => {
  const root = makeTree('contradiction');
  for (const option of ['--xip-include=a', '--tail=share', '--xip-pad', '--compat=mkcramfs']) {
    const result = await cramfs(['build', root, at('c.img'), '-q', '--flash', '1M', option]);
    expect(result.stderr).toMatch(/cannot be given with it/);
    expect(result.code).toBe(16);
  }
});
