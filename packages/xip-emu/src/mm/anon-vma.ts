/**
 * struct anon_vma, without its tree: what decides whether areas may be merged, and which areas a
 * fork copies. Compare mm/rmap.c.
 */
export class AnonVma {
  readonly parent: AnonVma;
  /** Anon_vmas made for its children; a root counts itself. */
  numChildren = 0;
  /** Areas that have it as `anonVma`. */
  numActiveVmas = 0;
  /** Areas that have it in their chain. */
  links = 0;

  constructor(parent?: AnonVma) {
    this.parent = parent ?? this;
    this.parent.numChildren += 1;
  }
}

/** The part of an area that these rules look at. */
export interface AnonArea {
  anonVma: AnonVma | undefined;
  /** anon_vma_chain, oldest first. Not changed in place: areas share the empty one. */
  anonChain: readonly AnonVma[];
}

export const NO_CHAIN: readonly AnonVma[] = [];

/** Gives an area an anon_vma of its own, or the neighbour's. Compare rmap.c:__anon_vma_prepare(). */
export function attachAnonVma(area: AnonArea, reuse: AnonVma | undefined): void {
  const anonVma = reuse ?? new AnonVma();
  area.anonVma = anonVma;
  area.anonChain = [anonVma];
  anonVma.links += 1;
  anonVma.numActiveVmas += 1;
}

/**
 * Attaches `to` to all anon_vmas of `from`. An area that a fork makes (it has no `anonVma` yet)
 * takes over one that no area uses any more. Compare mm/rmap.c:anon_vma_clone().
 */
export function cloneAnonVmas(to: AnonArea, from: AnonArea): void {
  to.anonChain = from.anonChain;
  for (const anonVma of from.anonChain) {
    anonVma.links += 1;
    if (
      to.anonVma === undefined &&
      from.anonVma !== undefined &&
      anonVma.numChildren < 2 &&
      anonVma.numActiveVmas === 0
    ) {
      to.anonVma = anonVma;
    }
  }
  if (to.anonVma !== undefined) to.anonVma.numActiveVmas += 1;
}

/** The anon_vmas of a child's area. Compare mm/rmap.c:anon_vma_fork(). */
export function forkAnonVmas(child: AnonArea, parent: AnonArea): void {
  unlinkAnonVmas(child);
  if (parent.anonVma === undefined) return;
  cloneAnonVmas(child, parent);
  if (hasAnonVma(child)) return;
  const own = new AnonVma(parent.anonVma);
  own.links = 1;
  own.numActiveVmas = 1;
  child.anonVma = own;
  child.anonChain = [...child.anonChain, own];
}

function hasAnonVma({ anonVma }: AnonArea): boolean {
  return anonVma !== undefined;
}

/** Compare mm/rmap.c:unlink_anon_vmas(). */
export function unlinkAnonVmas(area: AnonArea): void {
  for (const anonVma of area.anonChain) {
    anonVma.links -= 1;
    if (anonVma.links === 0) anonVma.parent.numChildren -= 1;
  }
  if (area.anonVma !== undefined) area.anonVma.numActiveVmas -= 1;
  area.anonVma = undefined;
  area.anonChain = NO_CHAIN;
}

/** An area that gets another's pages gets its anon_vma. Compare mm/vma.c:dup_anon_vma(). */
export function dupAnonVma(to: AnonArea, from: AnonArea): void {
  if (from.anonVma === undefined || to.anonVma !== undefined) return;
  to.anonVma = from.anonVma;
  cloneAnonVmas(to, from);
}
