import {
  explainFile,
  type CramfsImage,
  type FileExplanation,
  type Inode,
  type RangeExplanation,
  type SegmentExplanation,
} from 'cramfs-reader';

export type Kernel = 'mmu' | 'nommu';

export interface MapTarget {
  readonly pageSize: number;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
  /** At least one. */
  readonly kernels: readonly Kernel[];
}

/** The same range of pages under each of the kernels asked for. */
export type PerKernel<T> = Partial<Record<Kernel, T>>;

export interface MappedSegment {
  readonly segment: SegmentExplanation;
  readonly ranges: PerKernel<RangeExplanation>;
}

export interface MappedFile {
  /** Byte string. */
  readonly path: string;
  readonly inode: Inode;
  readonly pages: number;
  readonly tail: FileExplanation['tail'];
  readonly ranges: PerKernel<RangeExplanation>;
  /** Of ELF programs. */
  readonly segments: readonly MappedSegment[] | undefined;
}

export type Totals = Record<
  'files' | 'pages' | 'directPages' | 'ramPages' | 'outsidePages',
  number
>;

/** What a kernel can map of an image's files, gathered for rendering. */
export class MappabilityReport {
  readonly image: CramfsImage;
  readonly target: MapTarget;
  readonly files: MappedFile[] = [];

  constructor(image: CramfsImage, target: MapTarget) {
    this.image = image;
    this.target = target;
  }

  /** @param inode a regular file. */
  add(path: string, inode: Inode): void {
    const { kernels, pageSize, physAddr } = this.target;
    const explained = new Map(
      kernels.map((kernel) => {
        const options = { pageSize, physAddr, mmu: kernel === 'mmu' };
        return [kernel, explainFile(this.image, inode, options)] as const;
      }),
    );
    const [first] = explained.values();
    const { pages, tail, segments } = first!;
    this.files.push({
      path,
      inode,
      pages,
      tail,
      ranges: Object.fromEntries(explained),
      segments: segments?.map((segment, index) => ({
        segment,
        ranges: Object.fromEntries(
          [...explained].map(([kernel, { segments: of }]) => [kernel, of![index]!]),
        ),
      })),
    });
  }

  /** Sums over files; names that are one inode in Linux count once. */
  totals(kernel: Kernel): Totals {
    const seen = new Set<number>();
    const sum = { files: 0, pages: 0, directPages: 0, ramPages: 0, outsidePages: 0 };
    for (const { inode, pages, ranges } of this.files) {
      if (seen.has(inode.ino)) continue;
      seen.add(inode.ino);
      const range = ranges[kernel]!;
      sum.files += 1;
      sum.pages += pages;
      sum.directPages += range.directPages;
      sum.ramPages += range.ramPages;
      sum.outsidePages += range.outsidePages;
    }
    return sum;
  }

  /** Files of which pages, or their pointers, are not in the image, and the first reason of each. */
  outside(): { readonly file: MappedFile; readonly reason: string }[] {
    return this.files.flatMap((file) => {
      const ranges = [file.ranges, ...(file.segments ?? []).map(({ ranges: of }) => of)];
      const range = ranges
        .flatMap((of) => Object.values(of))
        .find(({ outsidePages }) => outsidePages > 0);
      return range?.reason === undefined ? [] : [{ file, reason: range.reason }];
    });
  }
}
