import type { Choice, Item } from './item.js';

/** A step from one choice of an item to the next on its convex hull. */
interface Step {
  readonly item: number;
  readonly to: number;
  readonly bytes: number;
  readonly gain: number;
}

/** A combination of choices, not always the best, and a bound that the best cannot exceed. */
export interface BoundedChoices {
  readonly picks: readonly number[];
  readonly bytes: number;
  readonly gain: number;
  /** A bound on the most gain for the bytes, or on the fewest bytes for the gain. */
  readonly bound: number;
}

/**
 * The items' convex hulls, climbed by the gain per byte. Each point reached is a solution, and the hulls
 * bound all others, as if parts of a step could be taken.
 */
export class Hulls {
  private readonly items: readonly Item[];
  private readonly start: readonly number[];
  private readonly steps: readonly Step[];

  constructor(items: readonly Item[]) {
    this.items = items;
    this.start = items.map(({ choices }) => cheapest(choices));
    this.steps = items
      .flatMap((item, index) => stepsOf(item, this.start[index]!, index))
      .sort((a, b) => b.gain * a.bytes - a.gain * b.bytes || a.item - b.item || a.gain - b.gain);
  }

  /** The most gain for so many bytes; undefined if not even the cheapest choices have room. */
  within(bytes: number): BoundedChoices | undefined {
    const base = this.totals(this.start);
    if (base.bytes > bytes) return undefined;
    let bound = base.gain;
    let room = bytes - base.bytes;
    for (const step of this.steps) {
      if (step.bytes > room) {
        bound += (step.gain * room) / step.bytes;
        break;
      }
      room -= step.bytes;
      bound += step.gain;
    }
    const picks = this.climb(
      (total, step) => total.bytes + step.bytes <= bytes,
      () => false,
    );
    return { picks, ...this.totals(picks), bound: Math.floor(bound + 1e-9) };
  }

  /** The fewest bytes for so much gain; undefined if nothing gains so much. */
  reaching(gain: number): BoundedChoices | undefined {
    const base = this.totals(this.start);
    let bound = base.bytes;
    let missing = gain - base.gain;
    for (const step of this.steps) {
      if (missing <= 0) break;
      bound += step.bytes * Math.min(1, missing / step.gain);
      missing -= step.gain;
    }
    if (missing > 0) return undefined;
    const picks = this.climb(
      () => true,
      (total) => total.gain >= gain,
    );
    return { picks, ...this.totals(picks), bound: Math.ceil(bound - 1e-9) };
  }

  /** The solutions on the way up, from the cheapest choices to the most gain. */
  *points(): Generator<{ readonly bytes: number; readonly gain: number }> {
    let { bytes, gain } = this.totals(this.start);
    yield { bytes, gain };
    for (const step of this.steps) {
      bytes += step.bytes;
      gain += step.gain;
      yield { bytes, gain };
    }
  }

  /** Takes the steps that may be taken, but none of an item after one that may not. */
  private climb(
    mayTake: (total: Choice, step: Step) => boolean,
    isEnough: (total: Choice) => boolean,
  ): number[] {
    const picks = [...this.start];
    const stopped = new Set<number>();
    let total = this.totals(picks);
    for (const step of this.steps) {
      if (isEnough(total)) break;
      if (stopped.has(step.item)) continue;
      if (!mayTake(total, step)) {
        stopped.add(step.item);
        continue;
      }
      picks[step.item] = step.to;
      total = { bytes: total.bytes + step.bytes, gain: total.gain + step.gain };
    }
    return picks;
  }

  private totals(picks: readonly number[]): Choice {
    let bytes = 0;
    let gain = 0;
    for (const [index, pick] of picks.entries()) {
      const choice = this.items[index]!.choices[pick]!;
      bytes += choice.bytes;
      gain += choice.gain;
    }
    return { bytes, gain };
  }
}

function cheapest(choices: readonly Choice[]): number {
  let best = 0;
  for (const [index, { bytes, gain }] of choices.entries()) {
    const { bytes: least, gain: most } = choices[best]!;
    if (bytes < least || (bytes === least && gain > most)) best = index;
  }
  return best;
}

/** Steps with less and less gain per byte, from the cheapest choice to the one that gains most. */
function stepsOf({ choices }: Item, start: number, item: number): Step[] {
  const steps: Step[] = [];
  for (let from = start; ;) {
    const here = choices[from]!;
    let best: Step | undefined;
    for (const [to, { bytes, gain }] of choices.entries()) {
      if (gain <= here.gain) continue;
      const step = { item, to, bytes: bytes - here.bytes, gain: gain - here.gain };
      const better = best === undefined ? -1 : step.bytes * best.gain - best.bytes * step.gain;
      if (better < 0 || (better === 0 && step.gain > best!.gain)) best = step;
    }
    if (best === undefined) return steps;
    steps.push(best);
    from = best.to;
  }
}
