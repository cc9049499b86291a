import { JsonList, inodeJson, jsonPieces } from '../../render/json.js';
import type { Group } from './groups.js';

/** The result of `cramfs ls --json`: one list, whatever the groups. */
export function listJson(groups: Iterable<Group>): Iterable<string> {
  return jsonPieces(new JsonList(inodes(groups)));
}

function* inodes(groups: Iterable<Group>): Generator<unknown, void> {
  for (const { entries } of groups) {
    for (const { path, inode, target } of entries(false)) yield inodeJson(path, inode, target);
  }
}
