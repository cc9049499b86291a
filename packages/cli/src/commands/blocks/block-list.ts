import type { Block, CramfsImage } from 'cramfs-reader';
import type { Problems } from '../../shell/problems.js';
import { atPath } from '../../shell/report-error.js';

/** The decodable blocks of one file. */
export interface BlockList {
  readonly path: string;
  readonly size: number;
  readonly dataOffset: number;
  readonly blocks: readonly Block[];
}
/** Decodes all pointers of a file: reports a bad pointer, and decodes the others all the same. */
export function readBlocks(image: CramfsImage, path: string, problems: Problems): BlockList {
  const inode = image.lookup(path, { followSymlinks: false });
  const { dataOffset, size } = inode;
  const count = atPath(path, () => image.blockCount(inode));
  const found: Block[] = [];
  for (let index = 0; index < count; index += 1) {
    const block = problems.try(() => atPath(path, () => image.block(inode, index)));
    if (block !== undefined) found.push(block);
  }
  return { path, size, dataOffset, blocks: found };
}
