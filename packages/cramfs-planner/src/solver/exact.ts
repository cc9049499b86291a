import type { Item } from './item.js';

/** The fewest bytes for each gain, over all combinations of choices. */
export interface ExactTable {
  /** The fewest bytes by gain from 0 on; Infinity if no combination gains exactly that. */
  readonly least: Float64Array;
  /** Returns the choice of each item in the best combination for a gain. */
  choicesFor(gain: number): number[];
}

/** Cells of the tables of choices, two bytes each, that are kept at most. */
const MAX_CELLS = 1 << 27;
const MAX_CHOICES = 1 << 16;

/**
 * The multiple-choice knapsack, solved item by item for all gains at once: it assumes nothing about the shape
 * of the choices.
 *
 * @param isOver called before each item: true gives up.
 * @returns undefined if it gave up, or the tables would be too large.
 */
export function solveExactly(
  items: readonly Item[],
  isOver: () => boolean = () => false,
): ExactTable | undefined {
  const most = items.map(({ choices }) => Math.max(0, ...choices.map(({ gain }) => gain)));
  let cells = 0;
  let reach = 0;
  for (const [index, gain] of most.entries()) {
    reach += gain;
    cells += reach + 1;
    if (cells > MAX_CELLS || items[index]!.choices.length > MAX_CHOICES) return undefined;
  }

  let least = new Float64Array([0]);
  const taken: Uint16Array[] = [];
  for (const [index, { choices }] of items.entries()) {
    if (isOver()) return undefined;
    const size = least.length + most[index]!;
    const next = new Float64Array(size).fill(Infinity);
    const picks = new Uint16Array(size);
    for (const [pick, { bytes, gain }] of choices.entries()) {
      for (let before = 0; before < least.length; before += 1) {
        const total = least[before]! + bytes;
        if (total < next[before + gain]!) {
          next[before + gain] = total;
          picks[before + gain] = pick;
        }
      }
    }
    least = next;
    taken.push(picks);
  }
  return {
    least,
    choicesFor(gain) {
      let left = gain;
      const picks: number[] = [];
      for (let index = items.length - 1; index >= 0; index -= 1) {
        const pick = taken[index]![left]!;
        picks.push(pick);
        left -= items[index]!.choices[pick]!.gain;
      }
      return picks.reverse();
    },
  };
}
