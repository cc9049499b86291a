import { CRAMFS_INODE_SIZE, CRAMFS_MAXPATHLEN, isZero, nameToText } from 'cramfs-format';
import { lastBlockIsFull } from './content.js';
import { isUnwritten, type Chunk, type Layout } from './layout/layout.js';
import { sameAttributes, type PlanNode } from './nodes.js';
import type { Problem } from './tree.js';

/**
 * What Linux would misread in a layout (docs/kernel-facts.md, K1 to K3). This project's own layout
 * has none of it by construction; those of the C tools may.
 */
export function misreadProblems(
  layout: Layout,
  blockSize: number,
  severity: Problem['severity'],
): Problem[] {
  const problems: Problem[] = [];
  const firstOf = new Map<Chunk, PlanNode>();
  for (const [node, chunk] of layout.chunks) {
    const first = firstOf.get(chunk);
    if (first === undefined) {
      firstOf.set(chunk, node);
      if (lastPageReadsZeros(chunk, blockSize)) {
        const message = 'Linux would read the last page as zeros (kernel fact K1)';
        problems.push({ severity, kind: 'misread', path: node.path, message });
      }
    } else if (!sameAttributes(first, node)) {
      const message =
        `shares its data with ${nameToText(first.path)}: Linux would give both the mode and owner of ` +
        'whichever is looked up first (kernel fact K2)';
      problems.push({ severity, kind: 'misread', path: node.path, message });
    }
  }
  for (const { node, offset } of layout.directories.entries) {
    if (offset + CRAMFS_INODE_SIZE + CRAMFS_MAXPATHLEN > layout.size) {
      const message = 'too close to the end of the image: Linux on ROM would not find it (fact K3)';
      problems.push({ severity, kind: 'misread', path: node.path, message });
    }
  }
  return problems;
}

function lastPageReadsZeros(chunk: Chunk, blockSize: number): boolean {
  // A chunk that is in the image already has no direct pointers.
  if (!isUnwritten(chunk)) return false;
  const { content, pointers } = chunk;
  const last = pointers.at(-1);
  // A file in one piece has no last block.
  if (last?.kind !== 'direct' || !last.uncompressed) return false;
  return lastBlockIsFull(content, blockSize) && !isZero(content.blocks.at(-1)!.bytes);
}
