import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { buildImageBytes, type DirectoryEntry, type FileEntry } from 'mkcramfs';

export const PAGE = 4096;

/** Names of the files of {@link makeImage}. */
export function fileNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `file-${String(index).padStart(3, '0')}`);
}

/**
 * An image of files of `pages` pages, each page another one: stored in place, or compressed to a
 * few bytes a page.
 */
export async function makeImage(
  files: number,
  pages: number,
  inPlace: boolean,
): Promise<Uint8Array> {
  const owner = { uid: 0, gid: 0 };
  const children = new Map(
    fileNames(files).map((name, index): [string, FileEntry] => [
      name,
      {
        ...owner,
        type: 'file',
        mode: S_IFREG | 0o644,
        size: pages * PAGE,
        read: () => fileContent(index * pages, pages),
      },
    ]),
  );
  const root: DirectoryEntry = { ...owner, type: 'directory', mode: S_IFDIR | 0o755, children };
  const mode = inPlace ? 'mmu' : 'none';
  const { image } = await buildImageBytes(root, { xip: { mode, include: () => inPlace } });
  return image;
}

/** Pages that begin with their number. */
function fileContent(first: number, pages: number): Uint8Array {
  const bytes = new Uint8Array(pages * PAGE);
  const view = new DataView(bytes.buffer);
  for (let page = 0; page < pages; page += 1) view.setUint32(page * PAGE, first + page + 1, true);
  return bytes;
}
