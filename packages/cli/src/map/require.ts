import { PF_W } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import type { RangeExplanation } from 'cramfs-reader';
import { compileGlobs } from 'cramfs-reader/glob';
import { segmentName } from './segment.js';
import type { MappabilityReport, MappedFile, PerKernel } from './report.js';

export interface RequirementFailure {
  /** Text of a path, or the pattern if no file matches it. */
  readonly path: string;
  readonly reason: string;
}

const KERNEL_NAMES = { mmu: 'with MMU', nommu: 'without MMU' } as const;

/**
 * The files matching `patterns` that are not fully mappable, and the patterns that match nothing.
 * An ELF program is fully mappable if all its read-only PT_LOAD segments are, for the kernel never
 * maps the writable ones directly; any other file if all its pages are.
 */
export function requirementFailures(
  report: MappabilityReport,
  patterns: readonly string[],
): RequirementFailure[] {
  const failures = new Map<string, RequirementFailure>();
  for (const pattern of patterns) {
    const matches = compileGlobs([pattern]);
    const files = report.selected.filter(({ path }) => matches(path));
    if (files.length === 0) failures.set(pattern, { path: pattern, reason: 'no file matches' });
    for (const file of files) {
      const reason = fileFailure(report.explain(file));
      const path = nameToText(file.path);
      if (reason !== undefined) failures.set(path, { path, reason });
    }
  }
  return [...failures.values()];
}

function fileFailure({ ranges, segments }: MappedFile): string | undefined {
  if (segments === undefined) return rangeFailure(ranges, 'file');
  const readOnly = segments.filter(({ segment }) => (segment.flags & PF_W) === 0);
  if (readOnly.length === 0) return 'no read-only segment: vma is writable';
  for (const { segment, ranges: ofSegment } of readOnly) {
    const failure = rangeFailure(ofSegment, segmentName(segment));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function rangeFailure(ranges: PerKernel<RangeExplanation>, name: string): string | undefined {
  for (const kernel of ['mmu', 'nommu'] as const) {
    const range = ranges[kernel];
    if (range === undefined || range.directPages === range.pages) continue;
    const { directPages, pages, reason } = range;
    const why = reason === undefined ? '' : `: ${reason}`;
    return `${name}: ${directPages} of ${pages} pages map directly ${KERNEL_NAMES[kernel]}${why}`;
  }
  return undefined;
}
