import {
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_INODE_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_SIZE,
  SUPERBLOCK,
  plural,
} from 'cramfs-format';
import { verifyCrc } from '../crc.js';
import type { CramfsImage } from '../image.js';
import { isUsualRootOffset, unsupportedFlags } from '../superblock.js';
import type { CheckContext } from './context.js';
import type { FindingList } from './findings.js';

/** True if the superblock's size, CRC and counts mean something. */
export function hasFsid({ superblock }: CramfsImage): boolean {
  return (superblock.flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
}

/**
 * Checks the superblock's own fields. Compare fs/cramfs/inode.c:cramfs_read_super().
 *
 * @param embedded the image is part of a larger file, so that data after it is expected.
 */
export function checkSuperblock(
  image: CramfsImage,
  findings: FindingList,
  embedded: boolean,
): void {
  const { superblock, dialect } = image;
  const { offset, flags, signature } = superblock;
  if (image.unreadable !== undefined) {
    const name = dialect.title === 'unknown' ? '' : ` (${dialect.title}): ${image.unreadable}`;
    findings.add('unsupported-flags', `${unsupportedFlags(flags)}${name}`, {
      offset: offset + SUPERBLOCK.at.flags,
    });
  } else if (dialect.linux !== 'reads') {
    findings.add('dialect', `${dialect.title}: mainline Linux ${dialect.linux} it`, { offset });
  }
  if (image.wordSize > 1) {
    const bits = 8 * image.wordSize;
    findings.add('swapped-words', `the ${bits}-bit words of the file are stored backwards`, {
      offset,
    });
  }
  if (signature !== CRAMFS_SIGNATURE) {
    findings.add('bad-signature', 'the signature is not "Compressed ROMFS"', {
      offset: offset + SUPERBLOCK.at.signature,
    });
  }
  if (hasFsid(image)) {
    checkSize(image, findings, embedded);
  } else {
    findings.add('old-format', 'old cramfs format: no size and no CRC to check', {
      offset: offset + SUPERBLOCK.at.flags,
    });
  }
  checkRoot(image, findings);
}

function checkSize(image: CramfsImage, findings: FindingList, embedded: boolean): void {
  const { superblock, blockSize, bytes, dialect } = image;
  const { size } = superblock;
  const offset = superblock.offset + SUPERBLOCK.at.size;
  if (size < superblock.offset + CRAMFS_SUPER_SIZE) {
    const onRom = size === 0 ? 'dies at the first read' : 'finds nothing in it';
    findings.add(
      'bad-size',
      `the stored size, ${plural(size, 'byte')}, is too small for the superblock: on ROM Linux ${onRom} (K25)`,
      { offset },
    );
    return;
  }
  if (image.isCutOff) {
    findings.add(
      'image-truncated',
      `the file system has ${plural(size, 'byte')}, but only ${bytes.length} are there`,
      { offset },
    );
  } else if (size < bytes.length && !embedded) {
    findings.add(
      'trailing-data',
      `the file continues for ${bytes.length - size} bytes after the end of the file system`,
      { offset: size },
    );
  }
  if (size % blockSize !== 0 && dialect.linux === 'reads') {
    findings.add(
      'size-not-block-multiple',
      `the stored size, ${plural(size, 'byte')}, is not a multiple of ${blockSize}: ` +
        `${partialPage(size, blockSize)} where a block device ends there (K26); on ROM nothing is lost`,
      { offset },
    );
  }
}

/** Linux reads only whole pages: compare fs/cramfs/inode.c:cramfs_blkdev_read(). */
function partialPage(size: number, blockSize: number): string {
  return size < blockSize
    ? 'Linux finds no superblock'
    : `Linux reads the last ${size % blockSize} bytes as zeros`;
}

function checkRoot({ superblock, root, dialect }: CramfsImage, findings: FindingList): void {
  const place = { path: '/', offset: superblock.offset + SUPERBLOCK.at.root };
  const { dataOffset, mode, type } = root;
  if (type !== 'directory') {
    findings.add('root-not-directory', `the root's mode is 0${mode.toString(8)}`, place);
  }
  if (dataOffset === 0) {
    findings.add('empty-file-system', 'root offset 0: Linux mounts an empty file system', place);
    return;
  }
  const shifted = (superblock.flags & CRAMFS_FLAG_SHIFTED_ROOT_OFFSET) !== 0;
  if (
    shifted
      ? dataOffset < superblock.offset + CRAMFS_SUPER_SIZE
      : !isUsualRootOffset(dataOffset - (dialect.inodes.size - CRAMFS_INODE_SIZE))
  ) {
    findings.add('bad-root-offset', `the root directory cannot be at ${dataOffset}`, place);
  }
}

/** Checks the CRC over the whole image, which takes a pass over all bytes. */
export function checkCrc({ image, findings }: CheckContext): void {
  const { superblock } = image;
  // An image that is cut off has no CRC to check; the missing part was reported.
  const { verdict, computed } = verifyCrc(image);
  if (computed === undefined || verdict === 'right') return;
  const stored = superblock.crc;
  const offset = superblock.offset + SUPERBLOCK.at.crc;
  if (verdict === 'swapped') {
    findings.add(
      'crc-byte-swapped',
      `the CRC ${hex(computed)} is stored in the other byte order (as Cisco's tools do)`,
      { offset },
    );
  } else {
    findings.add('crc-mismatch', `the CRC is ${hex(computed)}, but ${hex(stored)} is stored`, {
      offset,
    });
  }
}

/**
 * Checks the counts of files and blocks, which only statfs(2) uses. mkcramfs counts every name and the root,
 * and the blocks of every pointer table it writes.
 */
export function checkCounts(context: CheckContext): void {
  const { image, findings, entries, pointers, blocksKnown } = context;
  if (!hasFsid(image)) return;
  const { offset, files, blocks } = image.superblock;
  if (files === 0) {
    findings.add('file-count-zero', 'the superblock counts no files', {
      offset: offset + SUPERBLOCK.at.files,
    });
  }
  if (!context.isComplete) return;
  const found = [...entries.values()].reduce((sum, count) => sum + count, 0);
  if (files !== 0 && files !== found) {
    findings.add(
      'file-count',
      `the superblock counts ${plural(files, 'file')}, there are ${found}`,
      {
        offset: offset + SUPERBLOCK.at.files,
      },
    );
  }
  if (blocksKnown && blocks !== pointers) {
    findings.add(
      'block-count',
      `the superblock counts ${plural(blocks, 'block')}, there are ${pointers}`,
      {
        offset: offset + SUPERBLOCK.at.blocks,
      },
    );
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
