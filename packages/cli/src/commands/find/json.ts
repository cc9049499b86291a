import { nameToText } from 'cramfs-format';
import { renderJson } from '../../render/json.js';
import type { Find } from './finds.js';

/** The result of `cramfs find --json`; its shape is documented in docs/cli.md. */
export function findJson(finds: readonly Find[]): string {
  return renderJson(
    finds.map(({ file, number, found }) => {
      const { offset, size, endianness, dialect, crc, name, rootOk, truncated } = found;
      return {
        file,
        image: number,
        offset,
        size,
        statedSize: found.statedSize ?? null,
        superblockOffset: found.superblockOffset,
        endianness,
        dialect,
        crc,
        name: nameToText(name),
        rootOk,
        truncated,
        uImage: found.uImage ?? null,
        inside: found.inside,
      };
    }),
  );
}
