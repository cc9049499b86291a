import { stretchSizes, type FlashSurvey, type SurveyedFile } from 'mkcramfs';
import type { SectionChoice } from './section-choice.js';
import type { InodePages } from './observe.js';

/** Pages from `first` up to but not including `end`. */
interface Span {
  readonly first: number;
  readonly end: number;
}

/**
 * The choices for two parts with pages in common, the cheapest for each gain. There are pages of one times
 * pages of the other, so each costs only a few additions.
 *
 * @param inodes what is in RAM, as far as a choice can save it.
 */
export function pairChoices(
  file: SurveyedFile,
  [a, b]: readonly [Span, Span],
  { blockSize }: FlashSurvey,
  inodes: readonly {
    readonly pages: InodePages['cached'];
    readonly touched: readonly [InodePages['cached'], InodePages['cached']];
  }[],
): SectionChoice[] {
  const end = Math.max(a.end, b.end);
  const stretch = stretchSizes(file, { first: a.first, end });
  const counts = countPages(inodes, { first: a.first, end });
  const choices: SectionChoice[] = [];
  const byGain = new Map<number, number>();
  for (let inA = 0; inA <= a.end - a.first; inA += 1) {
    for (let inB = 0; inB <= b.end - b.first; inB += 1) {
      const endA = a.first + inA;
      const endB = b.first + inB;
      const meet = endA >= b.first;
      const last = meet ? Math.max(endA, endB) : inB > 0 ? endB : endA;
      const pages = meet ? last - a.first : inA + inB;
      const between = meet || inB === 0 ? 0 : stretch(endA, b.first);
      const bytes = pages * blockSize + (between + stretch(last, end)) * file.chunks;
      // The kernel maps the first run of each part.
      const mappedA = Math.min(a.end, meet ? last : endA);
      const mappedB = Math.min(b.end, endA > b.first ? Math.max(endA, endB) : endB);
      const gain =
        counts.a[mappedA - a.first]! +
        counts.b[mappedB - a.first]! +
        counts.both[Math.min(mappedA, mappedB) - a.first]!;
      const known = byGain.get(gain);
      if (known !== undefined && choices[known]!.bytes <= bytes) continue;
      const choice = { bytes, gain, inPlace: [inA, inB] };
      // The first choice is nothing in place, which others are compared with: keep it.
      if (known === undefined || known === 0) byGain.set(gain, choices.push(choice) - 1);
      else choices[known] = choice;
    }
  }
  return choices;
}

/** By page from `first` on, the pages before it that are saved once they come from ROM for A, B, or both. */
function countPages(
  inodes: Parameters<typeof pairChoices>[3],
  { first, end }: Span,
): { readonly a: number[]; readonly b: number[]; readonly both: number[] } {
  const counts = { a: [0], b: [0], both: [0] };
  for (let page = first; page < end; page += 1) {
    const own = { a: 0, b: 0, both: 0 };
    for (const { pages, touched } of inodes) {
      if (!pages.has(page)) continue;
      const [viaA, viaB] = [touched[0].has(page), touched[1].has(page)];
      if (viaA && viaB) own.both += 1;
      else if (viaA) own.a += 1;
      else if (viaB) own.b += 1;
    }
    for (const key of ['a', 'b', 'both'] as const) counts[key].push(counts[key].at(-1)! + own[key]);
  }
  return counts;
}
