import type { FileType } from './mode.js';

/** `1 file`, `2 files`: every count that a user reads has this form. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}

const TYPE_NAMES: Readonly<Record<FileType, string>> = {
  file: 'regular file',
  directory: 'directory',
  symlink: 'symbolic link',
  'char-device': 'character device',
  'block-device': 'block device',
  fifo: 'fifo',
  socket: 'socket',
};

/** A file type in words, after `a`. */
export function fileTypeName(type: FileType | undefined): string {
  return type === undefined ? 'file of unknown type' : TYPE_NAMES[type];
}
