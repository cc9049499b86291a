import { SyscallError } from '../errno.js';
import type { VmPgoff, Vpn } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { VM_SPECIAL } from '../vfs/vm-area.js';
import { cloneAnonVmas, dupAnonVma, type AnonVma } from './anon-vma.js';
import type { Mm } from './mm-struct.js';
import type { Vma } from './vma.js';

/** struct vma_merge_struct: a range and what it is to become. */
export interface MergeRequest {
  readonly start: Vpn;
  readonly end: Vpn;
  readonly pgoff: VmPgoff;
  readonly flags: number;
  readonly file: OpenFile | undefined;
  readonly anonVma: AnonVma | undefined;
}

/**
 * Merges a range where nothing is with the areas beside it.
 *
 *     prev  new  next
 *     AAAA  AAA  AAAA  -> one area
 *
 * @returns the area that now has the range, or undefined. Compare mm/vma.c:vma_merge_new_range().
 */
export function mergeNewRange(
  mm: Mm,
  request: MergeRequest,
  prev: Vma | undefined,
  next: Vma | undefined,
): Vma | undefined {
  if ((request.flags & VM_SPECIAL) !== 0) return undefined;
  const left = canMergeLeft(request, prev) ? prev : undefined;
  const right = canMergeRight(request, next, left) ? next : undefined;
  if (left !== undefined) {
    if (right !== undefined) {
      dupAnonVma(left, right);
      removeMerged(mm, right);
      mm.vmas.setRange(left, left.start, right.end, left.pgoff);
    } else {
      mm.vmas.setRange(left, left.start, request.end, left.pgoff);
    }
    return left;
  }
  if (right === undefined) return undefined;
  mm.vmas.setRange(right, request.start, right.end, right.pgoff - (request.end - request.start));
  return right;
}

/**
 * Merges a part of `vma` that is about to get other flags with the areas beside it.
 *
 * @param prev the area before the range: `vma` itself if the range starts inside.
 * @returns the area that now has the range, or undefined: nothing was changed then. Compare
 * mm/vma.c:vma_merge_existing_range().
 */
export function mergeExistingRange(
  mm: Mm,
  request: MergeRequest,
  vma: Vma,
  prev: Vma | undefined,
): Vma | undefined {
  const { start, end } = request;
  const leftSide = start === vma.start;
  const rightSide = end === vma.end;
  if ((request.flags & VM_SPECIAL) !== 0 || (!leftSide && !rightSide)) return undefined;
  if (leftSide && rightSide && vma.ops?.close !== undefined) return undefined;
  const left = leftSide && canMergeLeft(request, prev) ? prev : undefined;
  const next = vma.next;
  const right = rightSide && canMergeRight(request, next, left) ? next : undefined;
  if (left !== undefined && right !== undefined) {
    //  |-------*********-------|
    //    extend  delete  delete
    dupAnonVma(left, right.anonVma === undefined ? vma : right);
    removeMerged(mm, vma);
    removeMerged(mm, right);
    mm.vmas.setRange(left, left.start, right.end, left.pgoff);
    return left;
  }
  if (left !== undefined) {
    //  |-------*************  extend, and shrink or delete
    dupAnonVma(left, vma);
    if (rightSide) removeMerged(mm, vma);
    else mm.vmas.setRange(vma, end, vma.end, vma.pgoff + (end - vma.start));
    mm.vmas.setRange(left, left.start, end, left.pgoff);
    return left;
  }
  if (right === undefined) return undefined;
  //  *************-------|  shrink or delete, and extend
  dupAnonVma(right, vma);
  if (leftSide) removeMerged(mm, vma);
  else mm.vmas.setRange(vma, vma.start, start, vma.pgoff);
  mm.vmas.setRange(right, start, right.end, right.pgoff - (right.start - start));
  return right;
}

/**
 * The area that has exactly the range `start`..`end` of `vma` and may get `flags`: merged with its
 * neighbours, or split off. Compare mm/vma.c:vma_modify().
 *
 * @throws SyscallError ENOMEM: too many areas.
 */
export function modifyFlags(
  mm: Mm,
  prev: Vma | undefined,
  vma: Vma,
  start: Vpn,
  end: Vpn,
  flags: number,
): Vma {
  const request: MergeRequest = {
    start,
    end,
    pgoff: vma.pgoff + (start - vma.start),
    flags,
    file: vma.file,
    anonVma: vma.anonVma,
  };
  const merged = mergeExistingRange(mm, request, vma, prev);
  if (merged !== undefined) return merged;
  let target = vma;
  if (vma.start < start) {
    checkMapCount(mm);
    target = splitVma(mm, vma, start);
  }
  if (target.end > end) {
    checkMapCount(mm);
    splitVma(mm, target, end);
  }
  return target;
}

/** @throws SyscallError ENOMEM if there are too many areas to add more. */
export function checkMapCount(mm: Mm, extra = 0): void {
  if (mm.vmas.size + extra >= mm.host.maxMapCount) {
    throw new SyscallError('ENOMEM', 'vm.max_map_count areas');
  }
}

/**
 * Splits an area; the argument keeps the lower part. Compare mm/vma.c:__split_vma().
 *
 * @returns the upper part.
 * @throws what the owner's maySplit() throws.
 */
export function splitVma(mm: Mm, vma: Vma, at: Vpn): Vma {
  vma.ops?.maySplit?.(vma, at);
  const upper = mm.vmaCache.dup(vma);
  upper.start = at;
  upper.pgoff += at - vma.start;
  upper.anonVma = vma.anonVma;
  cloneAnonVmas(upper, vma);
  mm.vmas.setRange(vma, vma.start, at, vma.pgoff);
  mm.vmas.link(upper);
  return upper;
}

/** Frees an area that was merged into another one. */
function removeMerged(mm: Mm, vma: Vma): void {
  mm.vmas.unlink(vma);
  mm.vmaCache.free(vma);
}

/** Compare mm/vma.c:can_vma_merge_after(). */
function canMergeLeft(request: MergeRequest, prev: Vma | undefined): prev is Vma {
  return (
    prev?.end === request.start &&
    isMergeable(request, prev) &&
    isMergeableAnonVma(request.anonVma, prev) &&
    prev.pgoff + (prev.end - prev.start) === request.pgoff
  );
}

/** An area whose owner must be told of its end is not merged. Compare mm/vma.c:can_vma_merge_right(). */
function canMergeRight(
  request: MergeRequest,
  next: Vma | undefined,
  left: Vma | undefined,
): next is Vma {
  if (
    next?.start !== request.end ||
    next.ops?.close !== undefined ||
    !isMergeable(request, next) ||
    !isMergeableAnonVma(request.anonVma, next) ||
    next.pgoff !== request.pgoff + (request.end - request.start)
  ) {
    return false;
  }
  if (left === undefined) return true;
  const { anonVma } = left;
  return anonVma === undefined || next.anonVma === undefined || anonVma === next.anonVma;
}

function isMergeable({ flags, file }: MergeRequest, vma: Vma): boolean {
  return vma.flags === flags && vma.file === file;
}

/** Areas with several anon_vmas come from a fork and are not merged. */
function isMergeableAnonVma(anonVma: AnonVma | undefined, vma: Vma): boolean {
  if ((anonVma === undefined || vma.anonVma === undefined) && vma.anonChain.length === 1) {
    return true;
  }
  return anonVma === vma.anonVma;
}
