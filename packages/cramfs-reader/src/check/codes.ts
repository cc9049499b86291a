/**
 * Everything a check can find. The codes are stable: scripts may rely on them, and `check`, its
 * documentation and its tests all read this table. `k1-`, `k2-` and `k3-` are the kernel facts of
 * docs/kernel-facts.md: images that are sound, but that Linux misreads.
 */
export const FINDING_CODES = {
  // Superblock.
  'no-superblock': error('no superblock at byte 0 or 512'),
  'bad-signature': warning('the signature is not "Compressed ROMFS"; Linux does not look at it'),
  'unsupported-flags': error('feature flags that Linux refuses; block data is not checked'),
  dialect: warning('a dialect of cramfs that mainline Linux refuses or misreads'),
  'swapped-words': warning('16- or 32-bit words of the file are stored backwards'),
  'old-format': warning('no fsid version 2: the image has neither a size nor a CRC'),
  'bad-size': error('the stored size is too small for the superblock'),
  'image-truncated': error('the file is shorter than the file system in it'),
  'trailing-data': warning('the file continues after the end of the file system'),
  'size-not-block-multiple': warning('the stored size is not a multiple of the block size'),
  'page-size': error('the block size is not the page size: such a kernel cannot read the files'),
  'crc-mismatch': error('the stored CRC does not match the data'),
  'crc-byte-swapped': warning('the CRC is right, but stored in the other byte order'),
  'file-count-zero': error('the superblock counts no files, not even the root'),
  'file-count': warning('the number of files in the superblock is wrong'),
  'block-count': warning('the number of blocks in the superblock is wrong'),
  'root-not-directory': error('the root inode is not a directory'),
  'bad-root-offset': error('the root directory is not where Linux accepts it'),
  'empty-file-system': warning('root offset 0: Linux mounts an empty file system'),

  // Directories and their entries.
  'directory-outside': error('a directory reaches beyond the end of the image'),
  'directory-size': error("a directory's size does not end with an entry"),
  'directory-loop': error('a directory contains itself'),
  'directory-depth': error('directories nested so deeply that a path reaches 4096 bytes'),
  'directory-shared': error('a directory is reached by two paths'),
  'entry-past-directory': error("an entry reaches beyond its directory's end"),
  'name-empty': error('an entry without a name: Linux stops reading the directory there'),
  'name-slash': error('a name contains a slash'),
  'name-nul': error('a name contains a NUL, or its padding is not zero'),
  'name-dot': error('an entry is named "." or ".."'),
  'name-padding': error('more than three bytes of padding: Linux does not find the name'),
  'name-duplicate': error('two entries of a directory have the same name'),
  'name-order': warning('the names of a sorted directory are not sorted'),
  'name-hidden': error('Linux does not find the name: it stops at a greater one'),
  'k3-name-at-image-end': warning('on a ROM mount the name does not exist: too near the image end'),

  // Inodes.
  'bad-type': error('a file type that Linux does not know'),
  'zero-offset': error('an inode has a size, but no data'),
  'zero-size': warning('an inode has data, but no size; Linux takes it as empty'),
  'special-offset': warning('a device, fifo or socket has a data offset'),
  'special-size': warning('a fifo or socket has a size'),
  'device-number': warning('bits of a device number that Linux ignores'),
  'symlink-empty': error('a symlink without a target'),
  'symlink-too-long': error('a symlink of more than one block: Linux reads only the first'),
  'symlink-nul': error("a symlink's target contains a NUL"),
  'inode-conflict': error('two inodes of different types or sizes have the same data offset'),
  'k2-shared-inode': warning(
    'two names share one inode in Linux, but not mode, owner and group: a security hole',
  ),

  // Blocks.
  'table-outside': error('a pointer table reaches beyond the end of the image'),
  'pointer-flags': error('extended block pointers, but the superblock does not announce them'),
  'hole-without-flag': warning('holes, but the superblock does not announce them'),
  'block-length': error('a block that ends before it starts, or is longer than Linux accepts'),
  'block-outside': error('a block reaches beyond the end of the image'),
  'block-bad-data': error('a compressed block is not a zlib stream of at most one block'),
  'block-wrong-length': error('a block holds more or fewer bytes than the file needs'),
  'k1-tail-reads-zero': warning('Linux reads the last block as zeros: whole, direct, uncompressed'),
  'k22-same-address': warning(
    'without an MMU Linux stops when two mappings start at one ROM address',
  ),
  'k23-rom-written': warning('without an MMU the loader of a program writes to ROM'),

  // Layout.
  overlap: error('data of two owners overlap without being the same'),
  'gap-not-zero': warning('bytes that nothing refers to are not zero'),
  'replaced-streams': warning(
    'mkcramfs left ends of zlib streams in gaps; reported once, harmless',
  ),
  'check-incomplete': error('structures overlap so much that not all of them were checked'),
} as const satisfies Record<string, FindingKind>;

export type Severity = 'error' | 'warning';

export interface FindingKind {
  readonly severity: Severity;
  /** One line for the documentation. */
  readonly summary: string;
}

export type FindingCode = keyof typeof FINDING_CODES;

function error(summary: string): FindingKind {
  return { severity: 'error', summary };
}

function warning(summary: string): FindingKind {
  return { severity: 'warning', summary };
}
