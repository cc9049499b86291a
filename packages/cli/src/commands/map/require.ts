import { PF_W } from 'cramfs-elf';
import { isCramfsError, nameToText, textToName } from 'cramfs-format';
import type { CramfsImage, Inode, RangeExplanation } from 'cramfs-reader';
import { compileGlobs } from 'cramfs-reader/glob';
import { isPattern } from '../../shell/expand-paths.js';
import { segmentName } from '../../render/segment.js';
import type { Kernel, MappabilityReport, MappedFile, PerKernel } from './report.js';
import type { SelectedFile } from './files-below.js';

export interface RequirementFailure {
  /** Text of a path, or the pattern if no file matches it. */
  readonly path: string;
  readonly reason: string;
}

export interface RequirementScope {
  /** Symbolic links that globs may match. */
  readonly links: readonly SelectedFile[];
  /** Undefined: the kernel that a program is made for, or both for any other file. */
  readonly kernel: Kernel | undefined;
}

const KERNEL_NAMES = { mmu: 'with MMU', nommu: 'without MMU' } as const;

/**
 * The files that match `patterns` and are not fully mappable, and the patterns that match nothing. A
 * pattern is the path of a file, with symbolic links anywhere in it, or a glob for files and for
 * symbolic links to files. A program is fully mappable if all its read-only parts are, because the kernel
 * never maps the writable ones directly; any other file if all its pages are.
 */
export function requirementFailures(
  report: MappabilityReport,
  patterns: readonly string[],
  { links, kernel }: RequirementScope,
): RequirementFailure[] {
  const failures = new Map<string, RequirementFailure>();
  for (const pattern of patterns) {
    const targets = targetsOf(report, pattern, links);
    if (targets.length === 0) failures.set(pattern, { path: pattern, reason: 'no file matches' });
    for (const { path, inode, reason } of targets) {
      const failure =
        inode === undefined ? reason : inodeFailure(report.explain({ path, inode }), kernel);
      const name = nameToText(path);
      if (failure !== undefined) failures.set(name, { path: name, reason: failure });
    }
  }
  return [...failures.values()];
}

/** What a pattern means: the inode of a regular file, or why there is none at that path. */
interface Target {
  readonly path: string;
  readonly inode: Inode | undefined;
  readonly reason?: string;
}

function targetsOf(
  { image, selected }: MappabilityReport,
  pattern: string,
  links: readonly SelectedFile[],
): Target[] {
  const explicit = !isPattern(pattern);
  if (explicit && pattern.includes('/')) {
    return [follow(image, `/${textToName(pattern).replace(/^\/+/, '')}`)];
  }
  const matches = compileGlobs([pattern]);
  const viaLinks = links
    .filter(({ path }) => matches(path))
    .map(({ path }) => follow(image, path))
    // A glob may match a link to a directory or a dangling link, which is not a request for a file.
    .filter(({ inode }) => explicit || inode !== undefined);
  return [...selected.filter(({ path }) => matches(path)), ...viaLinks];
}

/** Follows the symbolic links of a path to a regular file. */
function follow(image: CramfsImage, path: string): Target {
  try {
    const inode = image.lookup(path);
    if (inode.type === 'file') return { path, inode };
    return { path, inode: undefined, reason: `not a regular file${viaLink(image, path)}` };
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    return { path, inode: undefined, reason: `${error.message}${viaLink(image, path)}` };
  }
}

/** Tells where the symbolic link at a path leads, if there is one. */
function viaLink(image: CramfsImage, path: string): string {
  try {
    const link = image.lookup(path, { followSymlinks: false });
    if (link.type !== 'symlink') return '';
    return `: a symbolic link to ${nameToText(image.readlink(link))}`;
  } catch (error) {
    if (isCramfsError(error)) return '';
    throw error;
  }
}

function inodeFailure(mapped: MappedFile, kernel: Kernel | undefined): string | undefined {
  return fileFailure(mapped, kernel === undefined ? kernelsOf(mapped) : [kernel]);
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
