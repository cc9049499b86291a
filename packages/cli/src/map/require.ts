import { PF_W } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import type { RangeExplanation } from 'cramfs-reader';
import { compileGlobs } from 'cramfs-reader/glob';
import { segmentName } from './segment.js';
import type { Kernel, MappabilityReport, MappedFile, PerKernel } from './report.js';

export interface RequirementFailure {
  /** Text of a path, or the pattern if no file matches it. */
  readonly path: string;
  readonly reason: string;
}

const KERNEL_NAMES = { mmu: 'with MMU', nommu: 'without MMU' } as const;

/**
 * The files matching `patterns` that are not fully mappable, and the patterns that match nothing. A
 * program is fully mappable if all its read-only parts are, for the kernel never maps the writable
 * ones directly; any other file if all its pages are.
 *
 * @param kernel undefined: for a program the one that it is made for, for any other file both.
 */
export function requirementFailures(
  report: MappabilityReport,
  patterns: readonly string[],
  kernel: Kernel | undefined,
): RequirementFailure[] {
  const failures = new Map<string, RequirementFailure>();
  for (const pattern of patterns) {
    const matches = compileGlobs([pattern]);
    const files = report.selected.filter(({ path }) => matches(path));
    if (files.length === 0) failures.set(pattern, { path: pattern, reason: 'no file matches' });
    for (const file of files) {
      const mapped = report.explain(file);
      const reason = fileFailure(mapped, kernel === undefined ? kernelsOf(mapped) : [kernel]);
      const path = nameToText(file.path);
      if (reason !== undefined) failures.set(path, { path, reason });
    }
  }
  return [...failures.values()];
}

/** Ordinary ELF runs in place with an MMU only, bFLT and FDPIC are made for kernels without one. */
function kernelsOf({ format }: MappedFile): readonly Kernel[] {
  if (format === undefined) return ['mmu', 'nommu'];
  return format === 'elf' ? ['mmu'] : ['nommu'];
}

function fileFailure(
  { ranges, segments }: MappedFile,
  kernels: readonly Kernel[],
): string | undefined {
  if (segments === undefined) return rangeFailure(ranges, 'file', kernels);
  const readOnly = segments.filter(({ segment }) => (segment.flags & PF_W) === 0);
  if (readOnly.length === 0) return 'no read-only segment: vma is writable';
  for (const { segment, ranges: ofSegment } of readOnly) {
    const failure = rangeFailure(ofSegment, segmentName(segment), kernels);
    if (failure !== undefined) return failure;
  }
  const hazard = kernels.includes('nommu') ? ranges.nommu?.hazard : undefined;
  return hazard === undefined ? undefined : `${KERNEL_NAMES.nommu}: ${hazard}`;
}

function rangeFailure(
  ranges: PerKernel<RangeExplanation>,
  name: string,
  kernels: readonly Kernel[],
): string | undefined {
  for (const kernel of kernels) {
    const range = ranges[kernel];
    if (range === undefined) continue;
    const { directPages, pages, reason, hazard } = range;
    if (hazard !== undefined) return `${name} ${KERNEL_NAMES[kernel]}: ${hazard}`;
    if (directPages === pages) continue;
    const why = reason === undefined ? '' : `: ${reason}`;
    return `${name}: ${directPages} of ${pages} pages map directly ${KERNEL_NAMES[kernel]}${why}`;
  }
  return undefined;
}
