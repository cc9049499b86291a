/** One way to store an item. */
export interface Choice {
  /** What it takes of flash. */
  readonly bytes: number;
  /** Pages of RAM that it saves: a whole number. */
  readonly gain: number;
}

/** Something that is stored in exactly one of several ways. */
export interface Item<C extends Choice = Choice> {
  readonly choices: readonly C[];
}

/**
 * The choices that may be part of a best solution, by falling gain: those that take fewer bytes than all with
 * more gain. The first of equal ones stays.
 */
export function worthwhile<C extends Choice>(choices: readonly C[]): C[] {
  const sorted = choices
    .map((choice, index) => ({ choice, index }))
    .sort(
      (a, b) =>
        b.choice.gain - a.choice.gain || a.choice.bytes - b.choice.bytes || a.index - b.index,
    );
  const kept: C[] = [];
  for (const { choice } of sorted) {
    const last = kept.at(-1);
    if (last === undefined || choice.bytes < last.bytes) kept.push(choice);
  }
  return kept;
}
