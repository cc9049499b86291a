import type { DirectoryEntry } from 'mkcramfs';
import { elfFile } from './elf-builder.js';
import { directory, file, noise, prose, symlink } from './trees.js';

const READ_EXECUTE = 5;
const READ_WRITE = 6;

/** A program of 32 bits: text, then data that begins in the text's last page. */
function program32(size: number, seed: number): Uint8Array {
  const text = Math.floor(size * 0.7);
  return elfFile(
    32,
    true,
    [
      { flags: READ_EXECUTE, offset: 0, filesz: text },
      { flags: READ_WRITE, offset: text, filesz: Math.floor(size / 10) },
    ],
    prose(size, seed),
  );
}

/**
 * A tree that the C tools store right: every kind of block, equal files, nested and empty
 * directories. test/fixtures/npitre-mkcramfs.json holds digests of images of it.
 */
export function compatTree(): DirectoryEntry {
  const etc = directory({
    motd: file('hello, world\n'),
    'motd.copy': file('hello, world\n'),
    empty: file(''),
    zeros: file(new Uint8Array(20_000)),
    nested: directory({ deep: directory({ note: file(prose(9000, 4)) }) }),
    hollow: directory({}),
  });
  return directory({
    bin: directory({
      busy: file(program32(30_000, 1), { mode: 0o755 }),
      busy2: file(program32(30_000, 1), { mode: 0o755 }),
      small: file(program32(3000, 2), { mode: 0o755 }),
      sh: symlink('busy'),
    }),
    etc,
    lib: directory({
      random: file(noise(10_000, 3)),
      page: file(noise(4096, 5)),
      text: file(prose(200_000, 6)),
      text2: file(prose(200_000, 7)),
    }),
    link: symlink('etc/nested/deep/note'),
  });
}
