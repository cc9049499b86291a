import { PF_W } from 'cramfs-elf';
import type { SurveyedFile } from 'mkcramfs';
import {
  cachedPages,
  pagesIn,
  regionsIn,
  type LoadedObject,
  type Machine,
  type Process,
} from 'xip-emu';
import type { CramfsImage } from 'cramfs-reader';

/** What one inode of a surveyed file has in RAM. */
export interface InodePages {
  /** Pages in the page cache. */
  readonly cached: ReadonlySet<number>;
  /** For each part of the file, the pages that were touched through a mapping of it. */
  readonly touched: readonly ReadonlySet<number>[];
  /** Without an MMU: pages of RAM that copies of each part take. */
  readonly copies: number[];
}

/** Pages of a file that are mapped at once. */
export interface PageSpan {
  readonly pgoff: number;
  readonly pages: number;
}

/** Inodes of surveyed files of one image. */
export class InodeIndex {
  private readonly byIno = new Map<number, { readonly file: number; readonly inode: number }>();
  readonly files: readonly SurveyedFile[];
  /** Inode numbers by file, in the order of its paths. */
  readonly inos: readonly (readonly number[])[];

  constructor(image: CramfsImage, files: readonly SurveyedFile[]) {
    this.files = files;
    this.inos = files.map(({ paths }, file) => {
      const inos = [...new Set(paths.map((path) => image.lookup(path).ino))];
      for (const [inode, ino] of inos.entries()) this.byIno.set(ino, { file, inode });
      return inos;
    });
  }

  find(ino: number) {
    return this.byIno.get(ino);
  }

  /**
   * The part of a file that a mapping covers; -1 if none starts there. Parts can start in one page, and
   * lack a last page that must not be in place.
   */
  partAt(file: number, { pgoff, pages }: PageSpan): number {
    const { spans } = this.files[file]!.candidates;
    let best = -1;
    for (const [part, { first, end }] of spans.entries()) {
      if (first !== pgoff) continue;
      const distance = (each: number): number => Math.abs(spans[each]!.end - (pgoff + pages));
      if (best < 0 || distance(part) < distance(best)) best = part;
      if (end === pgoff + pages) return part;
    }
    return best;
  }

  parts(file: number): number {
    return this.files[file]!.candidates.spans.length;
  }
}

/** Read-only mappings of a part of a surveyed file. */
export interface MappedPart {
  readonly process: Process;
  readonly ino: number;
  readonly pgoff: number;
  readonly address: number;
  readonly pages: number;
}

/** The read-only parts of a program or library, where they are in memory. */
export function mappedParts(process: Process, { inode, segments }: LoadedObject): MappedPart[] {
  return segments
    .filter(({ flags, filesz }) => (flags & PF_W) === 0 && filesz > 0)
    .map(({ address, vaddr, offset, filesz }) => {
      const { geometry } = process;
      const inPage = vaddr % geometry.size;
      return {
        process,
        ino: inode.ino,
        pgoff: geometry.pageOf(offset),
        address: address - inPage,
        pages: geometry.pagesOf(inPage + filesz),
      };
    });
}

/** Returns what is in RAM now, by file and inode. */
export function observe(
  machine: Machine,
  index: InodeIndex,
  mapped: readonly MappedPart[],
): InodePages[][] {
  const cached = new Map(cachedPages(machine).map(({ ino, pages }) => [ino, new Set(pages)]));
  const found = index.inos.map((inos, file) =>
    inos.map((ino) => ({
      cached: cached.get(ino) ?? new Set<number>(),
      touched: Array.from({ length: index.parts(file) }, () => new Set<number>()),
      copies: new Array<number>(index.parts(file)).fill(0),
    })),
  );
  for (const part of mapped) {
    if (!machine.mmu) continue;
    const place = placeOf(index, part);
    if (place === undefined) continue;
    const touched = found[place.file]![place.inode]!.touched[place.part]!;
    const pages = pagesIn(part.process.mm, part.address, part.pages * machine.pageSize);
    for (const [page, { backing }] of pages.entries()) {
      if (backing !== 'none') touched.add(part.pgoff + page);
    }
  }
  for (const { start, end, ino, pgoff, permissions, allocation } of regionsIn(machine.vmRegions)) {
    if (ino === undefined || allocation === undefined || permissions[1] === 'w') continue;
    const place = placeOf(index, { ino, pgoff, pages: machine.geometry.pagesOf(end - start) });
    if (place === undefined) continue;
    const copies = found[place.file]![place.inode]!.copies;
    copies[place.part]! += allocation.pages + allocation.slackPages;
  }
  return found;
}

function placeOf(index: InodeIndex, { ino, pgoff, pages }: PageSpan & { readonly ino: number }) {
  const place = index.find(ino);
  if (place === undefined) return undefined;
  const part = index.partAt(place.file, { pgoff, pages });
  return part < 0 ? undefined : { ...place, part };
}
