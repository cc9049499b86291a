import { checkImage, type CheckOptions, type Finding } from 'cramfs-reader';
import {
  buildRawImage,
  fixCrc,
  type RawImage,
  type RawImageOptions,
  type RawNode,
  type RawTree,
} from './raw-image.js';

const BLOCKS_AT = 40;
const FILES_AT = 44;

/** A raw image whose superblock counts files and blocks as mkcramfs does. */
export function countedImage(tree: RawTree, options: RawImageOptions = {}): RawImage {
  const image = buildRawImage(tree, options);
  const blocks = [...image.placed.values()].reduce((sum, placed) => sum + placed.blocks.length, 0);
  setField(image.bytes, BLOCKS_AT, blocks, options);
  setField(image.bytes, FILES_AT, 1 + countEntries(tree), options);
  return image;
}

/** Changes a u32 of the superblock and, unless the options ask for a CRC of their own, the CRC. */
export function setField(
  bytes: Uint8Array,
  field: number,
  value: number,
  options: RawImageOptions = {},
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32((options.pad ?? 0) + field, value, options.endianness !== 'big');
  if (options.crc === undefined && options.v1 !== true) fixCrc(bytes, options);
}

function countEntries(tree: RawTree): number {
  const nodes: RawNode[] = Array.isArray(tree)
    ? (tree as readonly (readonly [string, RawNode])[]).map(([, node]) => node)
    : Object.values(tree as Readonly<Record<string, RawNode>>);
  return nodes.reduce(
    (sum, node) => sum + 1 + (node.type === 'directory' ? countEntries(node.entries) : 0),
    0,
  );
}

/** What a check finds: code, path and offset. */
export type Found = [code: string, path: string | undefined, offset: number | undefined];

export function check(bytes: Uint8Array, options: CheckOptions = {}): Found[] {
  return checkImage(bytes, options).findings.map(({ code, path, offset }) => [code, path, offset]);
}

/** The message of the only finding with this code. */
export function messageOf(findings: readonly Finding[], code: string): string {
  const [finding, ...more] = findings.filter((one) => one.code === code);
  if (finding === undefined || more.length > 0) {
    throw new Error(`${code}: ${more.length + (finding === undefined ? 0 : 1)} findings`);
  }
  return finding.message;
}
