import { readFileSync } from 'node:fs';
import { explainLoaded, openImage } from 'cramfs-reader';
import { buildImageBytes, type XipOptions } from 'mkcramfs';
import { expect, test } from 'vitest';
import { directory, file } from '../helpers/trees.js';
import { readDocument, section, table } from './markdown.js';

const DOCUMENT = readDocument('xip.md');
const rows = table(section(DOCUMENT, 'What it costs'));

test('there are programs of both kinds in the table of costs', () => {
  expect(new Set(rows.map((row) => row['kernel']))).toEqual(new Set(['`mmu`', '`nommu`']));
});

test.each(rows)('$program costs as much flash as the table says, and maps as much', async (row) => {
  const path = row['program']!.replaceAll('`', '');
  const mode = row['kernel']!.replaceAll('`', '') as 'mmu' | 'nommu';
  const content = readFileSync(new URL(`../../samples/rootfs/${path}`, import.meta.url));
  const build = (xip: XipOptions['mode']) =>
    buildImageBytes(directory({ p: file(content, { mode: 0o755 }) }), { xip: { mode: xip } });
  const [plain, inPlace] = [await build('none'), await build(mode)];
  expect([plain, inPlace].map(({ report }) => String(report.entries[0]!.stored))).toEqual([
    row['flash, compressed'],
    row['flash, in place'],
  ]);

  const image = openImage(inPlace.image);
  const kernel = { pageSize: 4096, physAddr: 0x20000000, mmu: mode === 'mmu' };
  const { segments } = explainLoaded(image, image.lookup('/p'), kernel);
  const pages = segments!.reduce((sum, { directPages }) => sum + directPages, 0);
  expect(String(pages)).toBe(row['ROM pages']);
});
