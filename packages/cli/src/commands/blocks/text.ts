import { nameToText, plural } from 'cramfs-format';
import { blockRow } from '../../render/block.js';
import { hex } from '../../render/json.js';
import type { Look } from '../../render/look.js';
import { hangingLine } from '../../render/text-width.js';
import { renderTable, type Column } from '../../render/table.js';
import type { BlockList } from './block-list.js';

const COLUMNS: readonly Column[] = [
  { title: 'BLOCK', align: 'right' },
  { title: 'POINTER' },
  { title: 'KIND' },
  { title: 'POINTS TO' },
  { title: 'START', align: 'right' },
  { title: 'END', align: 'right' },
  { title: 'STORED', align: 'right' },
  { title: 'SIZE', align: 'right' },
];
/** A table for each file, with an empty line between them. */
export function blocksText(lists: readonly BlockList[], look: Look): string {
  return lists.map((list) => listText(list, look)).join('\n');
}

function listText({ path, size, dataOffset, blocks: found }: BlockList, look: Look): string {
  const head = `${nameToText(path)}: ${plural(size, 'byte')}, pointers at ${hex(dataOffset)}`;
  return hangingLine(head, look.width) + renderTable(COLUMNS, found.map(blockRow), look);
}
