import { isElf, isFlat } from 'cramfs-elf';
import { nameToText } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import { elfArchitecture, fileHead } from 'xip-emu';

/** A file that can be executed. */
export interface ProgramEntry {
  /** Byte string, and as people read it. */
  readonly path: string;
  readonly text: string;
  readonly size: number;
  /** The format by its first bytes; undefined if it is none of these, or was not examined. */
  readonly format: 'ELF' | 'bFLT' | 'script' | undefined;
  readonly arch: string | undefined;
  /** Printable; undefined for a file. */
  readonly target: string | undefined;
}

export interface ProgramList {
  readonly programs: readonly ProgramEntry[];
  /** Programs that are left out because there are too many. */
  readonly more: number;
}

const MOST_PROGRAMS = 20_000;
/** Reading the head of a file takes time: the format of further files stays unknown. */
const MOST_HEADS = 3000;

/** The executables of the image, by path. Damaged directories and files are skipped. */
export function programsIn(image: CramfsImage): ProgramList {
  const programs: ProgramEntry[] = [];
  let heads = 0;
  let more = 0;
  for (const { path, inode } of image.walk(image.root, { onError: () => undefined })) {
    const found = executable(image, path, inode);
    if (found === undefined) continue;
    if (programs.length >= MOST_PROGRAMS) {
      more += 1;
      continue;
    }
    heads += 1;
    const head = heads > MOST_HEADS ? new Uint8Array() : fileHead(image, found.inode);
    const { size } = found.inode;
    const format = formatOf(head);
    if (heads <= MOST_HEADS && format === undefined) continue;
    programs.push({
      path,
      text: nameToText(path),
      size,
      format,
      arch: elfArchitecture(head),
      target: found.target,
    });
  }
  programs.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { programs, more };
}

function executable(
  image: CramfsImage,
  path: string,
  inode: Inode,
): { readonly inode: Inode; readonly target: string | undefined } | undefined {
  if (inode.type === 'file') {
    return (inode.mode & 0o111) === 0 ? undefined : { inode, target: undefined };
  }
  if (inode.type !== 'symlink') return undefined;
  try {
    const target = image.lookup(path);
    if (target.type !== 'file' || (target.mode & 0o111) === 0) return undefined;
    return { inode: target, target: nameToText(image.readlink(inode)) };
  } catch {
    // A dangling link is not a program.
    return undefined;
  }
}

function formatOf(head: Uint8Array): ProgramEntry['format'] {
  if (isElf(head)) return 'ELF';
  if (isFlat(head)) return 'bFLT';
  return head[0] === 0x23 && head[1] === 0x21 ? 'script' : undefined;
}
