import type { CramfsImage, RangeExplanation } from 'cramfs-reader';
import { storedBytes } from '../../render/block-tally.js';
import { sortBy } from '../../render/sort.js';
import type { MappabilityReport, MappedFile } from './report.js';
import type { SelectedFile } from './files-below.js';

export const SORT_KEYS = ['path', 'size', 'stored', 'pages', 'direct', 'ram'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/**
 * The files of a report in another order.
 *
 * @param key undefined: the order in which they are found.
 */
export function sortedFiles(
  report: MappabilityReport,
  key: SortKey | undefined,
  reverse: boolean,
): readonly SelectedFile[] {
  const { image, selected } = report;
  if (key === undefined) return reverse ? [...selected].reverse() : selected;
  return sortBy(selected, (file) => keyOf(file, report, image, key), reverse);
}

function keyOf(
  file: SelectedFile,
  report: MappabilityReport,
  image: CramfsImage,
  key: SortKey,
): number | string {
  switch (key) {
    case 'path':
      return file.path;
    case 'size':
      return file.inode.size;
    case 'stored':
      return storedBytes(image, file.inode);
    case 'pages':
      return report.explain(file).pages;
    case 'direct':
      return mainRange(report.explain(file)).directPages;
    case 'ram':
      return mainRange(report.explain(file)).ramPages;
  }
}

/** Returns the range for the kernel that the columns DIRECT and RAM are about. */
function mainRange({ ranges }: MappedFile): RangeExplanation {
  return (ranges.mmu ?? ranges.nommu)!;
}
