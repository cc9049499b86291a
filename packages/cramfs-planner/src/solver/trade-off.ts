import { solveExactly, type ExactTable } from './exact.js';
import { Hulls } from './hull.js';
import { worthwhile, type Choice, type Item } from './item.js';

/** A way to choose for all items. */
export interface Solution<C extends Choice = Choice> {
  /** One per item, in their order. */
  readonly choices: readonly C[];
  readonly bytes: number;
  readonly gain: number;
  /** How much more the best solution may gain, or how many bytes less it may take; 0: it is the best. */
  readonly gap: number;
}

export interface TradeOffPoint {
  readonly bytes: number;
  readonly gain: number;
}

/** What bytes can buy: the best solution for each budget. */
export class TradeOff<C extends Choice> {
  private readonly items: readonly { readonly choices: readonly C[] }[];
  private readonly table: ExactTable | undefined;
  private readonly hulls: Hulls;

  /** @param isOver called now and then: true ends the exact solution early. */
  constructor(items: readonly Item<C>[], isOver?: () => boolean) {
    this.items = items.map(({ choices }) => ({ choices: worthwhile(choices) }));
    this.table = solveExactly(this.items, isOver);
    this.hulls = new Hulls(this.items);
  }

  /** False if time or memory did not allow the exact solution. */
  get isExact(): boolean {
    return this.table !== undefined;
  }

  /** The most gain for at most so many bytes, and the fewest bytes for that gain. */
  within(bytes: number): Solution<C> | undefined {
    if (this.table === undefined) {
      const found = this.hulls.within(bytes);
      return found && this.solution(found.picks, found.bound - found.gain);
    }
    const { least } = this.table;
    for (let gain = least.length - 1; gain >= 0; gain -= 1) {
      if (least[gain]! <= bytes) return this.solution(this.table.choicesFor(gain), 0);
    }
    return undefined;
  }

  /** The fewest bytes for at least so much gain, and the most gain for those bytes. */
  reaching(gain: number): Solution<C> | undefined {
    if (this.table === undefined) {
      const found = this.hulls.reaching(gain);
      return found && this.solution(found.picks, found.bytes - found.bound);
    }
    const { least } = this.table;
    let best: number | undefined;
    for (let each = least.length - 1; each >= Math.max(0, gain); each -= 1) {
      if (least[each]! < (best === undefined ? Infinity : least[best]!)) best = each;
    }
    return best === undefined ? undefined : this.solution(this.table.choicesFor(best), 0);
  }

  /** The curve, from the fewest bytes to the most gain: each point gains more for more bytes. */
  points(): TradeOffPoint[] {
    if (this.table === undefined) return [...this.hulls.points()];
    const points: TradeOffPoint[] = [];
    let bytes = Infinity;
    for (let gain = this.table.least.length - 1; gain >= 0; gain -= 1) {
      if (this.table.least[gain]! >= bytes) continue;
      bytes = this.table.least[gain]!;
      points.push({ bytes, gain });
    }
    return points.reverse();
  }

  private solution(picks: readonly number[], gap: number): Solution<C> {
    const choices = picks.map((pick, index) => this.items[index]!.choices[pick]!);
    const sum = (of: (choice: C) => number): number =>
      choices.reduce((total, choice) => total + of(choice), 0);
    return { choices, bytes: sum(({ bytes }) => bytes), gain: sum(({ gain }) => gain), gap };
  }
}
