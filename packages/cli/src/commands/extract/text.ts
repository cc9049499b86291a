import { plural } from 'cramfs-format';
import type { ExtractReport } from 'cramfs-reader/node';

/** One line: how much was written. */
export function extractText({ files, directories, symlinks, nodes, bytes }: ExtractReport): string {
  return (
    `extracted ${plural(files, 'file')} (${plural(bytes, 'byte')}), ` +
    `${plural(directories, 'directory', 'directories')}, ${plural(symlinks, 'symlink')}, ` +
    `${plural(nodes, 'device or fifo', 'devices and fifos')}\n`
  );
}
