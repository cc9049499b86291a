import { nameToText } from 'cramfs-format';
import { blockSizeVotesJson } from '../../render/block-size.js';
import { hex, octal, renderJson } from '../../render/json.js';
import { crcText, type Facts, type Fsid } from './facts.js';

/** The result of `cramfs info --json`; its shape is documented in docs/cli.md. */
export function infoJson({ image, offset, flagNames, contents, fsid, dialect }: Facts): string {
  const { superblock, endianness, blockSize, bytes, root } = image;
  return renderJson({
    offset,
    dialect,
    linux: image.dialect.linux,
    unreadable: image.unreadable ?? null,
    endianness,
    blockSize,
    blockSizeVotes: blockSizeVotesJson(image),
    size: fsid?.size ?? null,
    availableBytes: bytes.length,
    superblockOffset: superblock.offset,
    flags: hex(superblock.flags),
    flagNames,
    signature: nameToText(superblock.signature),
    name: nameToText(superblock.name),
    crc: fsid === undefined ? null : crcJson(fsid),
    edition: fsid?.edition ?? null,
    blocks: fsid?.blocks ?? null,
    files: fsid?.files ?? null,
    root: {
      offset: root.dataOffset,
      size: root.size,
      mode: octal(root.mode & 0o7777, 4),
      uid: root.uid,
      gid: root.gid,
    },
    contents,
  });
}

function crcJson({ crc, computedCrc, crcVerdict }: Fsid): unknown {
  return {
    stored: crcText(crc),
    computed: computedCrc === undefined ? null : crcText(computedCrc),
    ok: crcVerdict === 'right' || crcVerdict === 'swapped',
  };
}
