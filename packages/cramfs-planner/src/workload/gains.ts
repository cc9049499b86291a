import { prefixBytes, sectionsOf, spanBytes, type FlashSurvey, type PlannedSpan } from 'mkcramfs';
import type { Item } from '../solver/item.js';
import type { InodePages } from './observe.js';
import { pairChoices } from './pair-choices.js';
import type { SectionChoice } from './section-choice.js';
import type { WorkloadRun } from './run-workload.js';

/** A part of a file, or parts with pages in common, which are decided together. */
export interface SectionItem extends Item<SectionChoice> {
  /** Index of the surveyed file. */
  readonly file: number;
  /** Indexes of its parts. */
  readonly parts: readonly number[];
}

/**
 * The choices, with their exact price in bytes and their gain in pages of RAM.
 *
 * @param nothing the workload with nothing in place.
 * @param everything the same with everything in place that may be.
 */
export function sectionItems(
  survey: FlashSurvey,
  nothing: WorkloadRun,
  everything: WorkloadRun,
): SectionItem[] {
  return survey.files.flatMap((file, fileIndex) => {
    const { spans } = file.candidates;
    const inodes = nothing.files[fileIndex]!.map((inode, index): Savable => {
      const still = everything.files[fileIndex]![index]!;
      return {
        ...inode,
        cached: new Set([...inode.cached].filter((page) => !still.cached.has(page))),
        copies: inode.copies.map((pages, part) => pages - still.copies[part]!),
      };
    });
    return sectionsOf(spans).map((section): SectionItem => {
      const parts = [...spans.keys()].filter(
        (part) => spans[part]!.first >= section.first && spans[part]!.end <= section.end,
      );
      const gain = new SectionGain(spans, parts, inodes, survey.mmu);
      const [first, ...others] = parts as [number, ...number[]];
      if (others.length === 0 && survey.mmu) {
        const bytes = prefixBytes(file, spans[first]!, survey);
        const gains = gain.ofPrefixes(first);
        const choices = Array.from(bytes, (each, inPlace): SectionChoice => {
          return { bytes: each, gain: gains[inPlace]!, inPlace: [inPlace] };
        });
        return { file: fileIndex, parts, choices };
      }
      if (others.length === 1 && survey.mmu) {
        const second = others[0]!;
        const pages = inodes.map(({ cached, touched }) => ({
          pages: cached,
          touched: [touched[first]!, touched[second]!] as const,
        }));
        const choices = pairChoices(file, [spans[first]!, spans[second]!], survey, pages);
        return { file: fileIndex, parts, choices };
      }
      const amounts = parts.map((part) => amountsOf(spans[part]!, survey.mmu));
      const choices = products(thinned(amounts)).map((inPlace): SectionChoice => {
        const planned = parts.map((part, index): PlannedSpan => {
          const { first: start, end } = spans[part]!;
          return { first: start, end, inPlace: inPlace[index]! };
        });
        return { bytes: spanBytes(file, planned, survey), gain: gain.of(planned), inPlace };
      });
      return { file: fileIndex, parts, choices };
    });
  });
}

/** What an inode has in RAM, as far as a choice can save it. */
type Savable = InodePages;

class SectionGain {
  private readonly spans: readonly { readonly first: number; readonly end: number }[];
  private readonly parts: readonly number[];
  private readonly inodes: readonly Savable[];
  private readonly mmu: boolean;

  constructor(
    spans: readonly { readonly first: number; readonly end: number }[],
    parts: readonly number[],
    inodes: readonly Savable[],
    mmu: boolean,
  ) {
    this.spans = spans;
    this.parts = parts;
    this.inodes = inodes;
    this.mmu = mmu;
  }

  /** Returns the gains of a part that shares no page with others, for 0, 1, ... pages in place. */
  ofPrefixes(part: number): number[] {
    const { first, end } = this.spans[part]!;
    const gains = [0];
    for (let page = first; page < end; page += 1) {
      const saved = this.inodes.filter(({ cached }) => cached.has(page)).length;
      gains.push(gains.at(-1)! + saved);
    }
    return gains;
  }

  of(planned: readonly PlannedSpan[]): number {
    const inPlace = (page: number): boolean =>
      planned.some(({ first, inPlace: pages }) => first <= page && page < first + pages);
    /** Pages that the kernel maps from ROM for each part. */
    const direct = planned.map(({ first, end }) => {
      let page = first;
      while (page < end && inPlace(page)) page += 1;
      return this.mmu || page === end ? page - first : 0;
    });
    const isDirect = (index: number, page: number): boolean => {
      const { first } = planned[index]!;
      return first <= page && page < first + direct[index]!;
    };
    let gain = 0;
    for (const { cached, touched, copies } of this.inodes) {
      for (const [index, part] of this.parts.entries()) {
        if (direct[index]! > 0) gain += copies[part]!;
      }
      const { first } = planned[0]!;
      const end = Math.max(...planned.map((span) => span.end));
      for (let page = first; page < end; page += 1) {
        if (!cached.has(page)) continue;
        const users = [...planned.keys()].filter((index) => {
          const span = planned[index]!;
          const covers = span.first <= page && page < span.end;
          return covers && (!this.mmu || touched[this.parts[index]!]!.has(page));
        });
        if (users.length > 0 && users.every((index) => isDirect(index, page))) gain += 1;
      }
    }
    return gain;
  }
}

/** Without an MMU a part is in place as a whole or not at all. */
function amountsOf({ first, end }: { first: number; end: number }, mmu: boolean): number[] {
  return mmu ? Array.from({ length: end - first + 1 }, (_, pages) => pages) : [0, end - first];
}

/** For three and more parts with pages in common, each combination costs a walk over their pages. */
const MOST_COMBINATIONS = 20_000;

/**
 * Amounts without too many combinations: drops every second amount of the part that has most, until there are
 * few enough. None, all, and all but the page in common with the next part stay.
 */
export function thinned(amounts: readonly (readonly number[])[]): (readonly number[])[] {
  const kept = [...amounts];
  while (kept.reduce((count, each) => count * each.length, 1) > MOST_COMBINATIONS) {
    const longest = kept.reduce((best, each) => (each.length > best.length ? each : best));
    if (longest.length <= 3) break;
    kept[kept.indexOf(longest)] = longest.filter(
      (_, index) => index % 2 === 0 || index >= longest.length - 2,
    );
  }
  return kept;
}

function products(amounts: readonly (readonly number[])[]): number[][] {
  let all: number[][] = [[]];
  for (const each of amounts) all = all.flatMap((head) => each.map((pages) => [...head, pages]));
  return all;
}
