/**
 * What mmap, munmap and mremap do without an MMU, in the simplest words: lists, searched from the
 * front. All places and lengths are pages, places those of physical memory. Written from the rules
 * of mm/nommu.c, not from the emulator; random tests hold it against the emulator.
 */

export interface ModelFile {
  readonly name: string;
  readonly pages: number;
  /** Place of its first page in the ROM; undefined: nothing of it can be mapped directly. */
  readonly rom: number | undefined;
  /** Only so many of its pages stand in a row there. */
  readonly direct: number;
  /** It has no memory of its own to show at all, as on a disk. */
  readonly copyOnly: boolean;
}

export interface ModelRegion {
  start: number;
  end: number;
  readonly pgoff: number;
  readonly file: ModelFile | undefined;
  readonly sharable: boolean;
  readonly copy: boolean;
  users: number;
}

export interface ModelArea {
  start: number;
  end: number;
  /** Where the kernel's tree believes that it ends. */
  treeEnd: number;
  readonly region: ModelRegion;
}

export interface ModelRequest {
  readonly file: ModelFile | undefined;
  readonly pgoff: number;
  readonly pages: number;
  readonly writable: boolean;
  readonly shared: boolean;
}

export interface ModelFailure {
  /** An errno, or how the kernel breaks. */
  readonly fails: string;
}

interface Placed {
  /** Undefined for a new copy: then the page allocator chooses. */
  readonly at: number | undefined;
  /** The one that is shared. */
  readonly region: ModelRegion | undefined;
}

export class NommuModel {
  readonly regions: ModelRegion[] = [];
  readonly processes: ModelArea[][];

  constructor(processes: number) {
    this.processes = Array.from({ length: processes }, () => []);
  }

  /** What a mapping will be, or why not. Nothing changes. */
  place(who: number, request: ModelRequest): Placed | ModelFailure {
    const { file, pgoff, pages, writable, shared } = request;
    const sharable = file !== undefined && (shared || !writable);
    const mayBeDirect = file !== undefined && !file.copyOnly && !writable;
    if (file !== undefined && shared) {
      if (writable) return { fails: 'EACCES' };
      if (file.copyOnly) return { fails: 'ENODEV' };
    }
    if (sharable) {
      for (const region of this.sorted()) {
        if (region.file !== file || !region.sharable) continue;
        const end = region.pgoff + region.end - region.start;
        if (end <= pgoff || pgoff + pages <= region.pgoff) continue;
        if (region.pgoff <= pgoff && pgoff + pages <= end) {
          return this.checked(who, region.start + pgoff - region.pgoff, pages, region);
        }
        if (!mayBeDirect) return { fails: 'EINVAL' };
      }
    }
    if (!mayBeDirect) return { at: undefined, region: undefined };
    if (pgoff + pages > file.pages) return { fails: 'EINVAL' };
    if (file.rom === undefined || pgoff + pages > file.direct) {
      return shared ? { fails: 'ENODEV' } : { at: undefined, region: undefined };
    }
    return this.checked(who, file.rom + pgoff, pages, undefined);
  }

  /** Carries out what {@link place} allowed; `at` is where the mapping came to. */
  map(who: number, request: ModelRequest, at: number, region: ModelRegion | undefined): void {
    const { file, pgoff, pages, writable, shared } = request;
    const isNew: ModelRegion = {
      start: at,
      end: at + pages,
      pgoff,
      file,
      sharable: file !== undefined && (shared || !writable),
      copy: file?.rom === undefined || at !== file.rom + pgoff,
      users: 0,
    };
    const used = region ?? isNew;
    if (region === undefined) this.regions.push(isNew);
    used.users += 1;
    this.add(who, { start: at, end: at + pages, treeEnd: at + pages, region: used });
  }

  unmap(who: number, start: number, pages: number): ModelFailure | undefined {
    const areas = this.processes[who]!;
    const end = start + pages;
    const inside = areas.filter((area) => area.treeEnd > start && area.start < end);
    const [first] = inside;
    if (first === undefined) return { fails: 'EINVAL' };
    if (first.region.file !== undefined) {
      for (const area of inside) {
        if (start > area.start) break;
        if (area.end === end) return this.drop(who, area);
      }
      return { fails: 'EINVAL' };
    }
    if (start === first.start && end === first.end) return this.drop(who, first);
    if (start < first.start || end > first.end) return { fails: 'EINVAL' };
    if (end === first.end) return this.cutTail(first, start);
    if (start > first.start) {
      // The piece below the hole becomes an area of its own.
      const { region } = first;
      const below = { ...region, end: start, users: 1 };
      this.regions.push(below);
      this.add(who, { start: first.start, end: start, treeEnd: start, region: below });
    }
    first.start = end;
    first.region.start = end;
    areas.sort((a, b) => a.start - b.start);
    return undefined;
  }

  remap(who: number, start: number, oldPages: number, newPages: number): ModelFailure | undefined {
    const area = this.processes[who]!.find((each) => each.start <= start && start < each.treeEnd);
    if (area?.start !== start || area.end !== start + oldPages) return { fails: 'EINVAL' };
    const { region } = area;
    if (region.sharable) return { fails: 'EPERM' };
    if (newPages > region.end - region.start) return { fails: 'ENOMEM' };
    area.end = start + newPages;
    return undefined;
  }

  private sorted(): ModelRegion[] {
    return this.regions.sort((a, b) => a.start - b.start);
  }

  private checked(
    who: number,
    at: number,
    pages: number,
    region: ModelRegion | undefined,
  ): Placed | ModelFailure {
    if (region === undefined && this.regions.some(({ start }) => start === at)) {
      return { fails: 'BUG' };
    }
    const end = at + pages;
    const old = this.processes[who]!.find((area) => area.treeEnd > at && area.start < end);
    if (old === undefined) return { at, region };
    if (at <= old.start && end >= old.treeEnd) return { fails: 'vma replaced' };
    const isInside = at > old.start && end < old.treeEnd;
    return { fails: isInside ? 'vma split in two' : 'vma cut' };
  }

  private add(who: number, area: ModelArea): void {
    this.processes[who]!.push(area);
    this.processes[who]!.sort((a, b) => a.start - b.start);
  }

  private drop(who: number, area: ModelArea): ModelFailure | undefined {
    if (area.end !== area.treeEnd) return { fails: 'stale vma' };
    this.processes[who] = this.processes[who]!.filter((each) => each !== area);
    area.region.users -= 1;
    if (area.region.users === 0) this.regions.splice(this.regions.indexOf(area.region), 1);
    return undefined;
  }

  private cutTail(area: ModelArea, from: number): ModelFailure | undefined {
    if (area.end !== area.treeEnd) return { fails: 'stale vma' };
    area.end = from;
    area.treeEnd = from;
    area.region.end = from;
    return undefined;
  }
}
