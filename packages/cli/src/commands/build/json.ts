import { nameToText } from 'cramfs-format';
import type { BuildReport } from 'mkcramfs';
import { hex } from '../../render/json.js';

/** What `--report=json` prints. */
export function reportJson({ flags, entries, ...figures }: BuildReport): unknown {
  return {
    ...figures,
    flags: hex(flags),
    entries: entries.map(({ path, size, stored, blocks, sharedWith, xip }) => ({
      path: nameToText(path),
      size,
      stored,
      blocks,
      sharedWith: sharedWith === undefined ? null : nameToText(sharedWith),
      xip: xip === undefined ? null : { ...xip, cost: xip.cost ?? null },
    })),
  };
}
