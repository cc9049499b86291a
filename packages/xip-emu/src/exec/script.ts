import { bytesToName } from 'cramfs-format';
import { SyscallError } from '../errno.js';

/** What a `#!` line asks for; byte strings. */
export interface ScriptLine {
  /** May be empty, if a zero byte comes first. */
  readonly interpreter: string;
  /** All that follows, as one argument. */
  readonly argument: string | undefined;
}

/**
 * The `#!` line of a script. A line longer than the buffer is cut off, which must not cut the
 * interpreter's name. Compare fs/binfmt_script.c:load_script().
 *
 * @param head the file's first bytes, padded with zeros.
 * @returns undefined if it is not a script.
 * @throws SyscallError ENOEXEC for a line without a name, or with a name that is cut off.
 */
export function parseScript(head: Uint8Array): ScriptLine | undefined {
  const text = bytesToName(head);
  if (!text.startsWith('#!')) return undefined;
  const last = text.length - 1;
  let end = text.indexOf('\n');
  if (end < 0) {
    const name = find(text, 2, last, (char) => !isSpaceTab(char));
    if (name === undefined || find(text, name, last, isTerminator) === undefined) {
      throw new SyscallError('ENOEXEC', 'the name after #! is cut off');
    }
    end = last;
  }
  while (isSpaceTab(text[end - 1])) end -= 1;
  const name = find(text, 2, end, (char) => !isSpaceTab(char));
  if (name === undefined || name === end) throw new SyscallError('ENOEXEC', 'no name after #!');

  const separator = find(text, name, end, isTerminator);
  const argument =
    separator === undefined || text[separator] === '\0'
      ? undefined
      : find(text, separator, end, (char) => !isSpaceTab(char));
  return {
    interpreter: upToZero(text.slice(name, argument === undefined ? end : separator)),
    argument: argument === undefined ? undefined : upToZero(text.slice(argument, end)),
  };
}

/** The first place from `from` to `last`, itself included, whose character is wanted. */
function find(
  text: string,
  from: number,
  last: number,
  isWanted: (char: string | undefined) => boolean,
): number | undefined {
  for (let at = from; at <= last; at += 1) if (isWanted(text[at])) return at;
  return undefined;
}

function isSpaceTab(char: string | undefined): boolean {
  return char === ' ' || char === '\t';
}

function isTerminator(char: string | undefined): boolean {
  return isSpaceTab(char) || char === '\0';
}

function upToZero(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
