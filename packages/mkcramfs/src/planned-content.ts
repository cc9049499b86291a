import { CramfsError } from 'cramfs-format';
import type { Content } from './content.js';
import type { PlanNode } from './nodes.js';
import { isPlanned } from './xip-plan.js';

/** The longest stream that a direct pointer can lead to: its length has two bytes. */
export const DIRECT_LENGTH_MAX = 0xffff;

/**
 * True if a block that is not in place must be a zlib stream, even a longer one, in a section of a plan.
 * Linux maps uncompressed direct blocks, so the block must not look as if it were in place. And a full
 * uncompressed last block cannot be direct (kernel fact K1), so the way it is stored would depend on its
 * neighbours.
 */
export function mustBeStream(
  { sections, size, blocks }: Pick<Content, 'sections' | 'size' | 'blocks'>,
  index: number,
  blockSize: number,
): boolean {
  if (sections.length === 0) return false;
  return isPlanned(sections, index) || (size % blockSize === 0 && index === blocks.length - 1);
}

/** Files that no plan can store: with blocks of 64 KiB a stream may be too long for its pointer. */
export function unplannable(
  contents: ReadonlyMap<PlanNode, Content>,
  blockSize: number,
): { readonly path: string; readonly block: number }[] {
  return [...contents].flatMap(([{ path }, content]) => {
    if (content.sections.length === 0) return [];
    const block = content.blocks.findIndex(
      ({ kind }, index) => kind === 'uncompressed' && mustBeStream(content, index, blockSize),
    );
    return block < 0 ? [] : [{ path, block }];
  });
}

/** @throws CramfsError BAD_REQUEST if there are {@link unplannable} files. */
export function refuseUnplannable(
  contents: ReadonlyMap<PlanNode, Content>,
  blockSize: number,
): void {
  const [first] = unplannable(contents, blockSize);
  if (first === undefined) return;
  throw new CramfsError(
    'BAD_REQUEST',
    `page ${first.block} does not compress, and is too long for a direct pointer: leave the file ` +
      'out of the plan',
    { path: first.path },
  );
}
