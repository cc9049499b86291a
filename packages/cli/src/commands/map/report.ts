import { nameToText } from 'cramfs-format';
import {
  explainLoaded,
  filesWithSharedPages,
  type CramfsImage,
  type FileExplanation,
  type Inode,
  type ProgramFormat,
  type RangeExplanation,
  type SegmentExplanation,
} from 'cramfs-reader';
import type { Loader, Loaders } from './loaders.js';
import type { SelectedFile } from './files-below.js';

export type Kernel = 'mmu' | 'nommu';

export interface MapTarget {
  readonly pageSize: number;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
  /** The kernels that are reported, at least one. */
  readonly kernels: readonly Kernel[];
  readonly loaders: Loaders;
}

/** The same range of pages under each of the kernels asked for. */
export type PerKernel<T> = Partial<Record<Kernel, T>>;

export interface MappedSegment {
  readonly segment: SegmentExplanation;
  readonly ranges: PerKernel<SegmentExplanation>;
}

export interface MappedFile {
  /** Byte string. */
  readonly path: string;
  readonly inode: Inode;
  readonly pages: number;
  readonly tail: FileExplanation['tail'];
  readonly format: ProgramFormat | undefined;
  readonly ranges: PerKernel<RangeExplanation>;
  /** Segments of a program. */
  readonly segments: readonly MappedSegment[] | undefined;
}

export type Totals = Record<
  'files' | 'pages' | 'directPages' | 'ramPages' | 'outsidePages',
  number
>;

type Explained = Omit<MappedFile, 'path' | 'inode'>;

/** How many explanations are kept: more than any sound image has files, some 50 MB. */
const MAX_KEPT = 1 << 16;

/**
 * What a kernel can map of an image's files. A hostile image has a million of them, so the answer for a file
 * is computed on demand; names that share their pointers share it.
 */
export class MappabilityReport {
  readonly image: CramfsImage;
  readonly target: MapTarget;
  /** Regular files, in the order of the report. */
  selected: readonly SelectedFile[];
  private readonly kept = new Map<string, Explained>();
  private shared: ReadonlyMap<number, string> | undefined;

  constructor(image: CramfsImage, target: MapTarget, selected: readonly SelectedFile[]) {
    this.image = image;
    this.target = target;
    this.selected = selected;
  }

  /** Explains every file of {@link selected}, one after the other. */
  *files(): Generator<MappedFile, void> {
    for (const file of this.selected) yield this.explain(file);
  }

  explain({ path, inode }: SelectedFile): MappedFile {
    // The pointers also determine the content.
    const key = `${inode.dataOffset},${inode.size}`;
    let explained = this.kept.get(key);
    if (explained === undefined) {
      explained = this.explainInode(inode);
      if (this.kept.size < MAX_KEPT) this.kept.set(key, explained);
    }
    return { path, inode, ...explained, ranges: this.withHazard(inode, explained.ranges) };
  }

  /** Adds that a mapping from ROM without an MMU may meet one of another file's equal pages. */
  private withHazard(
    { ino }: Inode,
    ranges: PerKernel<RangeExplanation>,
  ): PerKernel<RangeExplanation> {
    const { nommu } = ranges;
    if (nommu === undefined || nommu.directPages === 0) return ranges;
    // As in check: someone who asks about both kernels may have an image for one with an MMU.
    const { pageSize, kernels } = this.target;
    const onlyForNommu = kernels.includes('mmu');
    // Directories that cannot be read are reported when the files are selected.
    this.shared ??= filesWithSharedPages(this.image, { pageSize, onlyForNommu }, () => undefined);
    const other = this.shared.get(ino);
    if (other === undefined) return ranges;
    const hazard = `has pages of ${nameToText(other)}: Linux stops if both are mapped (K22)`;
    return { ...ranges, nommu: { ...nommu, hazard } };
  }

  private explainInode(inode: Inode): Explained {
    const { kernels, pageSize, physAddr, loaders } = this.target;
    let loader: Loader | undefined;
    const explained = new Map(
      kernels.map((kernel) => {
        const mmu = kernel === 'mmu';
        const whyNotMapped = (): string | undefined => {
          loader ??= loaders.loaderOf(inode);
          return loader?.whyNotMapped(mmu);
        };
        const options = { pageSize, physAddr, mmu, whyNotMapped };
        return [kernel, explainLoaded(this.image, inode, options)] as const;
      }),
    );
    const [first] = explained.values();
    const { pages, tail, format, segments } = first!;
    return {
      pages,
      tail,
      format,
      ranges: Object.fromEntries(explained),
      segments: segments?.map((segment, index) => ({
        segment,
        ranges: Object.fromEntries(
          [...explained].map(([kernel, { segments: of }]) => [kernel, of![index]!]),
        ),
      })),
    };
  }

  /** Sums over files, for each kernel; names that are one inode in Linux count once. */
  totals(): PerKernel<Totals> {
    const seen = new Set<number>();
    const sums = this.target.kernels.map((kernel) => ({
      kernel,
      sum: { files: 0, pages: 0, directPages: 0, ramPages: 0, outsidePages: 0 },
    }));
    for (const { inode, pages, ranges } of this.files()) {
      if (seen.has(inode.ino)) continue;
      seen.add(inode.ino);
      for (const { kernel, sum } of sums) {
        const range = ranges[kernel]!;
        sum.files += 1;
        sum.pages += pages;
        sum.directPages += range.directPages;
        sum.ramPages += range.ramPages;
        sum.outsidePages += range.outsidePages;
      }
    }
    return Object.fromEntries(sums.map(({ kernel, sum }) => [kernel, sum]));
  }

  /** Files with pages, or pointers, that are not in the image, and the first reason of each. */
  *outside(): Generator<{ readonly file: MappedFile; readonly reason: string }, void> {
    for (const file of this.files()) {
      const ranges = [file.ranges, ...(file.segments ?? []).map(({ ranges: of }) => of)];
      const range = ranges
        .flatMap((of) => Object.values(of))
        .find(({ outsidePages }) => outsidePages > 0);
      if (range?.reason !== undefined) yield { file, reason: range.reason };
    }
  }
}
