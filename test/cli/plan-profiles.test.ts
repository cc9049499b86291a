import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { prose } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const PAGE = 4096;
const folder = new Folder();
const at = (name: string): string => folder.path(name);

/** A tree with /usr/bin/a of a page of headers and eight of text, and the same elsewhere. */
function makeTree(name: string): string {
  const root = at(name);
  const text = 8 * PAGE;
  for (const [path, seed] of Object.entries({ 'usr/bin/a': 1, 'sbin/b': 2 })) {
    const body = prose(PAGE + text + 100, seed);
    const segments = [
      { flags: 4, offset: 0, filesz: 0x200, vaddr: 0x10000 },
      { flags: 5, offset: PAGE, filesz: text, vaddr: 0x20000 },
    ];
    mkdirSync(`${root}/${path.slice(0, path.lastIndexOf('/'))}`, { recursive: true });
    writeFileSync(`${root}/${path}`, elfFile(64, true, segments, body), { mode: 0o755 });
  }
  symlinkSync('usr/bin', `${root}/bin`);
  return root;
}

function write(name: string, content: string | Uint8Array): string {
  const path = at(name);
  writeFileSync(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
  return path;
}

interface PlanResult {
  readonly workload: { readonly profiles: readonly unknown[] };
  readonly curve: readonly { readonly ram: number }[];
}

/** Pages of RAM with nothing in place: those that the profiles name. */
async function touchedPages(root: string, args: readonly string[]): Promise<number> {
  const { curve } = (await cramfsJson(['plan', root, '-q', ...args])) as PlanResult;
  return curve[0]!.ram / PAGE;
}

const MAPS = '00010000-00018000 r-xp 00001000 1f:02 81         /bin/a\n';
const PAGEMAP = new BigUint64Array(0x18);
PAGEMAP.set([0xa180000000088123n, 0xa180000000088124n], 0x11);

/** By format: a file, and how many pages of /usr/bin/a and /sbin/b it says are touched. */
const PROFILES: Readonly<Record<string, readonly [content: string, pages: number]>> = {
  json: [
    '{"format":"cramfs-profile","version":1,"kind":"mapped","pageSize":4096,"files":[' +
      '{"path":"/usr/bin/a","touched":[{"first":1,"pages":3}]}]}',
    3,
  ],
  axfs: ['path,offset,count\n./usr/bin/a,4096,7\n"sbin/b",8192,1\n./bin/a,4096,1\n', 2],
  smaps: [`${MAPS}Size: 32 kB\nKernelPageSize: 4 kB\nRss: 32 kB\n`, 8],
  collector: [
    `cramfs-touched 1\npage-size 4096\nfault-around 4096\nprocess 1 a\narea ${MAPS}pages 0-1,5\nend\n`,
    3,
  ],
  fincore: ['  RES PAGES  SIZE FILE\n  40K    10 36.1K /usr/bin/a\n', 9],
  vmtouch: ['/usr/bin/a\n\r[ OO      O] 3/10\n', 2],
  'run-record': [
    '{"n":1,"p":0,"op":"mount","cmd":"mount mtd","ret":"ok"}\n' +
      '{"n":2,"p":0,"op":"open","cmd":"open 0 usr/bin/a r","ret":"ok"}\n' +
      '{"n":3,"p":0,"op":"mmap","cmd":"mmap x 0 0x2000 rx private 1","ret":"ok"}\n' +
      '{"n":4,"p":0,"op":"touch","cmd":"touch x 1 r","ret":"ok"}\n',
    1,
  ],
};

test.each(Object.entries(PROFILES))(
  'a plan from a profile: %s',
  async (format, [content, pages]) => {
    const root = makeTree(`tree-${format}`);
    const file = write(`${format}.profile`, content);
    const result = (await cramfsJson(['plan', root, '-q', '--profile', file])) as PlanResult;
    expect(result.workload.profiles).toMatchObject([{ source: file, format }]);
    // Only parts of programs count, so the last page that was in the page cache does not.
    expect(result.curve[0]!.ram / PAGE).toBe(pages);
  },
);

test('a pagemap after its maps; profiles add up', async () => {
  const root = makeTree('tree');
  const pagemap = [
    '--profile',
    write('maps', MAPS),
    '--profile',
    write('pagemap', new Uint8Array(PAGEMAP.buffer)),
  ];
  expect(await touchedPages(root, pagemap)).toBe(2);
  const axfs = ['--profile', write('axfs', PROFILES['axfs']![0])];
  // Page 2 of /usr/bin/a is in both.
  expect(await touchedPages(root, [...pagemap, ...axfs])).toBe(4);
});

test('where the image is on the board, and what is not in the tree', async () => {
  const root = makeTree('tree');
  const file = write(
    'board.csv',
    '/mnt/rom/sbin/b,0,1\n/sbin/b,4096,1\n/mnt/rom/gone,0,1\n/mnt/rom/sbin/b,409600,1\n',
  );
  const plan = ['plan', root, '-q', '--profile', file];
  const { code, stderr } = await cramfs([...plan, '--profile-root', '/mnt/rom']);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr:
      `cramfs: ${root}: warning: profile ${file}: left out: /mnt/rom/gone (not in the tree), ` +
      '/mnt/rom/sbin/b (touched beyond its end)\n',
  });
  expect(await cramfs([...plan, '--profile-root', '/elsewhere'])).toMatchObject({
    code: 8,
    stdout: '',
    stderr: `cramfs: ${file}: names 3 files, none of them in the tree: --profile-root says where the image is\n`,
  });
  const flash = ['build', root, at('image'), '-q', '--flash', '200K', '--profile', file];
  expect(await cramfs([...flash, '--profile-root', '/mnt/rom'])).toMatchObject({ code: 0 });
});

test.each([
  ['bin/a,0,1\nbin/a,5,1\n', 'line 2: offset 5 is not a multiple of 4096, or too large'],
  ['{"format":"cramfs-profile"}', 'line 1: the document should have a field "version"'],
  ['cramfs-touched 1\nprocess 1 a\n', "line 3: cut off: the last line should be 'end'"],
  [MAPS, 'maps says what is mapped, not what is touched'],
  ['\0\0\0\0\0\0\0\xa0', 'a pagemap says nothing by itself'],
  ['', 'empty: not a profile'],
])('%j: one line about it', async (content, message) => {
  const file = write('bad', content);
  const result = await cramfs(['plan', makeTree('tree'), '-q', '--profile', file]);
  expect(result).toMatchObject({ code: 8, stdout: '' });
  expect(result.stderr).toMatch(/^cramfs: [^\n]*\n$/);
  expect(result.stderr).toContain(`cramfs: ${file}: ${message}`);
});

test('the report says what a profile cannot tell', async () => {
  const root = makeTree('tree');
  const file = write(
    'smaps',
    `${PROFILES['smaps']![0]}${MAPS.replace('bin/a', 'sbin/b')}Rss: 8 kB\n`,
  );
  const { stdout } = await cramfs(['plan', root, '-q', '--profile', file]);
  expect(stdout).toContain(
    '(smaps, with neighbours of touched pages, without 1 file whose pages it does not identify)',
  );
});
