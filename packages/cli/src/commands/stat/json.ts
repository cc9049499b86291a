import { inodeJson, renderJson } from '../../render/json.js';
import type { FileStatus } from './status.js';

/** The result of `cramfs stat --json`; its shape is documented in docs/cli.md. */
export function statJson(found: readonly FileStatus[]): string {
  return renderJson(found.map(statusJson));
}

function statusJson({ path, inode, target, format, blocks }: FileStatus): unknown {
  return {
    ...inodeJson(path, inode, target),
    entryOffset: inode.entryOffset,
    dataOffset: inode.dataOffset === 0 ? null : inode.dataOffset,
    format: format ?? null,
    blocks: blocks?.toJson() ?? null,
  };
}
