import { CramfsError } from 'cramfs-format';
import {
  absolutePath,
  isPageSize,
  lineError,
  MAX_PAGES,
  ProfileBuilder,
} from './profile-builder.js';
import type { Profile } from './profile.js';

/** Characters of a picture of more pages. */
const CHART_WIDTH = 60;
/** The last picture of a line: vmtouch overwrites it as it goes on. */
const CHART = /^\r?(?:\[[ oO]*\] \d+\/\d+\r)*\[([ oO]*)\] (\d{1,10})\/(\d{1,10})\s*$/;
const TOTAL = /^ *Resident Pages: (\d+)\/(\d+) +\S+?\/(\d+)([BKMGT]?) /;

/** True for a line with a picture. */
export function isVmtouchLine(line: string): boolean {
  return CHART.test(line);
}

/**
 * Parses what `vmtouch -v` writes: for each file its name and a picture of its pages. In a file of more than
 * 60 pages each character stands for several: `O` all of them, `o` some, without telling which. Compare
 * vmtouch.c:print_page_residency_chart().
 *
 * @param text one character per byte.
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parseVmtouch(text: string, source: string): Profile {
  const builder = new ProfileBuilder(source, 'vmtouch', 'cached');
  let name: string | undefined;
  let charts = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const [, chart, resident, pages] = CHART.exec(line) ?? [];
    const [, , total, size, unit] = TOTAL.exec(line) ?? [];
    if (total !== undefined) {
      const bytes = Number(size) * 1024 ** 'BKMGT'.indexOf(unit === '' ? 'B' : unit!);
      const step = 1024 ** 'BKMGT'.indexOf(unit === '' ? 'B' : unit!);
      builder.pageSize = sizeBetween(bytes / Number(total), (bytes + step) / Number(total));
    }
    if (chart === undefined) {
      name = line.replace(/\r$/, '');
      continue;
    }
    charts += 1;
    const counts = { resident: Number(resident), pages: Number(pages) };
    if (name === undefined || name === '') throw lineError(index + 1, 'there is no name before it');
    const ranges = rangesOf(chart, counts);
    if (ranges === undefined) {
      throw lineError(index + 1, `the picture is not one of ${counts.pages} pages: cut off?`);
    }
    const path = absolutePath(name);
    for (const range of ranges) builder.touch(path, range);
    if (chart.includes('o')) builder.atLeast(path, counts.resident);
    name = undefined;
  }
  if (charts === 0) throw new CramfsError('BAD_SOURCE', 'no picture of pages: use vmtouch -v');
  return builder.build();
}

/** The pages that are certain; undefined if picture and numbers do not belong together. */
function rangesOf(
  chart: string,
  { resident, pages }: { readonly resident: number; readonly pages: number },
): { first: number; pages: number }[] | undefined {
  if (pages >= MAX_PAGES || resident > pages) return undefined;
  const perCharacter = pages <= CHART_WIDTH ? 1 : Math.floor(pages / CHART_WIDTH) + 1;
  if (chart.length !== Math.ceil(pages / perCharacter)) return undefined;
  return Array.from(chart).flatMap((character, index) => {
    const first = index * perCharacter;
    const end = Math.min(first + perCharacter, pages);
    return character === 'O' ? [{ first, pages: end - first }] : [];
  });
}

/** The page size that the sizes allow; vmtouch rounds them down to whole units. */
function sizeBetween(least: number, limit: number): number {
  const size = 2 ** Math.ceil(Math.log2(least));
  return isPageSize(size) && size < limit ? size : 4096;
}
