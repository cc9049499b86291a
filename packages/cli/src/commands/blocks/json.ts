import { nameToText } from 'cramfs-format';
import { blockJson } from '../../render/block.js';
import { renderJson } from '../../render/json.js';
import type { BlockList } from './block-list.js';

/** The result of `cramfs blocks --json`; its shape is documented in docs/cli.md. */
export function blocksJson(lists: readonly BlockList[]): string {
  return renderJson(lists.map(listJson));
}

function listJson({ path, size, dataOffset, blocks: found }: BlockList): unknown {
  return { path: nameToText(path), size, dataOffset, blocks: found.map(blockJson) };
}
