import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { takesValue } from '../../shell/parse-options.js';
import type { CliOptions } from '../../shell/option-types.js';

/** What `--run` becomes if it has no value: the program is executed. */
export const EXECUTES = '';

/**
 * `--run` has two meanings. With a value it names a program that is mapped beside others; without one
 * it executes PATH, and then all words after PATH are the program's. It has no value if it is followed by
 * another option, by nothing, or by IMAGE and PATH: a file of this machine that is not a program itself.
 *
 * @returns the words as the parser of options takes them.
 */
export function execWords(argv: readonly string[], options: CliOptions): readonly string[] {
  const at = executeAt(argv);
  if (at === undefined) return argv;
  const words = argv.toSpliced(at, 1);
  const own: string[] = [`--run=${EXECUTES}`];
  const operands: string[] = [];
  let index = 0;
  while (index < words.length && operands.length < 2) {
    const word = words[index]!;
    index += 1;
    if (word === '--') continue;
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    own.push(word);
    if (takesValue(word, options) && index < words.length) {
      own.push(words[index]!);
      index += 1;
    }
  }
  const rest = words.slice(index);
  return [...own, '--', ...operands, ...rest];
}

/** Where a `--run` without a value is. */
function executeAt(argv: readonly string[]): number | undefined {
  const at = argv.indexOf('--run');
  const end = argv.indexOf('--');
  if (at < 0 || (end >= 0 && end < at)) return undefined;
  const next = argv[at + 1];
  if (next === undefined || next.startsWith('-')) return at;
  const path = argv[at + 2];
  return path !== undefined && isImageFile(next) ? at : undefined;
}

/** A file of this machine that is neither an ELF program nor a script. */
function isImageFile(name: string): boolean {
  try {
    if (!statSync(name).isFile()) return false;
    const file = openSync(name, 'r');
    try {
      const head = Buffer.alloc(4);
      readSync(file, head, 0, 4, 0);
      return head.toString('latin1') !== '\x7fELF' && !head.toString('latin1').startsWith('#!');
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}
