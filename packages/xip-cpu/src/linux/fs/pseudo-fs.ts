import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from 'cramfs-format';
import {
  Inode,
  NOOP_BDI,
  SuperBlock,
  SyscallError,
  copySpliceRead,
  simpleDirectoryOperations,
  type BackingDevice,
  type DirectoryEntry,
  type FileOperations,
} from 'xip-emu';
import { SeqFile, singleRecord, type SeqShow } from './seq-file.js';

/** A directory, file, table or link of a file system without a store. Texts are byte strings. */
export type PseudoNode = PseudoDirectory | PseudoFile | PseudoTable | PseudoLink;

export interface PseudoDirectory {
  readonly type: 'directory';
  /** Its names, in the order in which they are listed. */
  readonly names: () => Iterable<string>;
  readonly find: (name: string) => PseudoNode | undefined;
}

export interface PseudoFile {
  readonly type: 'file';
  /** Makes the content, record by record, as the file is read. */
  readonly show: SeqShow;
  /** Undefined if the file cannot be written to. @throws SyscallError. */
  readonly write?: (text: string) => void;
  readonly isUnspliceable?: boolean;
}

/** A file that is too large to be made as a whole. */
export interface PseudoTable {
  readonly type: 'table';
  /** Returns bytes from a position on, up to `length`; fewer at the end. @throws SyscallError. */
  readonly readAt: (position: number, length: number) => Uint8Array;
  readonly isUnspliceable?: boolean;
}

export interface PseudoLink {
  readonly type: 'link';
  readonly target: () => string;
}

/** Returns a directory whose entries do not change. */
export function directory(entries: Readonly<Record<string, PseudoNode>>): PseudoDirectory {
  const nodes = new Map(Object.entries(entries));
  return { type: 'directory', names: () => nodes.keys(), find: (name) => nodes.get(name) };
}

/** Returns a file whose text is made when it is read. */
export function file(read: () => string, write?: (text: string) => void): PseudoFile {
  return { type: 'file', show: singleRecord(read), ...(write && { write }) };
}

/** Returns a file like that for which the kernel has no splice_read: sendfile(2) is EINVAL. */
export function unspliceable(node: PseudoNode): PseudoNode {
  return node.type === 'file' || node.type === 'table' ? { ...node, isUnspliceable: true } : node;
}

/** A file system whose directories and files are made on demand: proc, sysfs. */
export class PseudoSuperBlock extends SuperBlock {
  readonly type: string;
  override readOnly = false;
  readonly bdi: BackingDevice = NOOP_BDI;
  readonly root: PseudoInode;
  private readonly inodes = new Map<string, PseudoInode>();
  private nextIno = 1;

  readonly geometry: SuperBlock['geometry'];

  constructor(type: string, geometry: SuperBlock['geometry'], root: PseudoDirectory) {
    super();
    this.type = type;
    this.geometry = geometry;
    this.root = this.inodeOf('', root, undefined);
  }

  cachedInodes(): Iterable<Inode> {
    return [];
  }

  dropCaches(): void {
    return;
  }

  /** Returns the inode of a path. It stays the same as long as the type of the node does. */
  inodeOf(path: string, node: PseudoNode, parent: PseudoInode | undefined): PseudoInode {
    const known = this.inodes.get(path);
    if (known?.node.type === node.type) {
      known.node = node;
      return known;
    }
    const inode = new PseudoInode(this, this.nextIno, path, node, parent);
    this.nextIno += 1;
    this.inodes.set(path, inode);
    return inode;
  }
}

const textOperations: FileOperations = {
  open(opened) {
    const { node } = pseudoInode(opened.inode);
    if (node.type === 'file' && opened.readable) {
      opened.privateData = new SeqFile(node.show, opened.inode.sb.geometry.size);
    }
  },
  readIter({ inode, privateData }, position, into) {
    const { node } = pseudoInode(inode);
    if (node.type === 'table') {
      const bytes = node.readAt(position, into.length);
      into.set(bytes);
      return bytes.length;
    }
    return privateData instanceof SeqFile ? privateData.read(position, into) : 0;
  },
  writeIter({ inode }, _position, from) {
    const { node } = pseudoInode(inode);
    if (node.type !== 'file' || node.write === undefined) throw new SyscallError('EINVAL');
    node.write(String.fromCharCode(...from));
    return from.length;
  },
};

/** fs/proc/inode.c:proc_iter_file_ops, fs/kernfs/file.c:kernfs_file_fops */
const spliceableOperations: FileOperations = { ...textOperations, spliceRead: copySpliceRead };

function operationsOf(node: PseudoNode): FileOperations {
  switch (node.type) {
    case 'directory':
      return simpleDirectoryOperations;
    case 'link':
      return textOperations;
    case 'table':
    case 'file':
      return node.isUnspliceable === true ? textOperations : spliceableOperations;
  }
}

function pseudoInode(inode: Inode): PseudoInode {
  if (!(inode instanceof PseudoInode)) throw new SyscallError('EINVAL');
  return inode;
}

function modeOf(node: PseudoNode): number {
  switch (node.type) {
    case 'directory':
      return S_IFDIR | 0o555;
    case 'link':
      return S_IFLNK | 0o777;
    case 'table':
      return S_IFREG | 0o400;
    case 'file':
      return S_IFREG | (node.write === undefined ? 0o444 : 0o644);
  }
}

class PseudoInode extends Inode {
  readonly sb: PseudoSuperBlock;
  readonly mode: number;
  readonly size = 0;
  readonly mapping = undefined;
  node: PseudoNode;
  private readonly path: string;
  private readonly parent: PseudoInode | undefined;

  constructor(
    sb: PseudoSuperBlock,
    ino: number,
    path: string,
    node: PseudoNode,
    parent: PseudoInode | undefined,
  ) {
    super(ino, operationsOf(node));
    this.sb = sb;
    this.path = path;
    this.node = node;
    this.mode = modeOf(node);
    this.parent = parent;
    if (node.type === 'directory') this.links = 2;
  }

  lookup(name: string): PseudoInode | undefined {
    if (this.node.type !== 'directory') throw new SyscallError('ENOTDIR');
    const node = this.node.find(name);
    return node && this.sb.inodeOf(`${this.path}/${name}`, node, this);
  }

  readlink(): string {
    if (this.node.type !== 'link') throw new SyscallError('EINVAL');
    return this.node.target();
  }

  /** O_TRUNC of a file that can be written to has no effect. */
  override setSize(): void {
    return;
  }

  override readdir(from = 0): DirectoryEntry[] {
    if (this.node.type !== 'directory') throw new SyscallError('ENOTDIR');
    const inodes: [string, Inode][] = [
      ['.', this],
      ['..', this.parent ?? this],
    ];
    for (const name of this.node.names()) {
      const inode = this.lookup(name);
      if (inode !== undefined) inodes.push([name, inode]);
    }
    return inodes
      .map(([name, { ino, mode }], at) => ({ name, ino, type: mode & S_IFMT, next: at + 1 }))
      .slice(from);
  }
}
