import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import { MOUNT_OPTION_WORDS, mountOptionsOf } from '../vfs/mount-options.js';
import type { MountOptions } from '../vfs/mount.js';
import type { OpenOptions } from '../vfs/open.js';
import { ScenarioError } from './scenario-error.js';

const NUMBER = /^(0x[0-9a-f]+|\d+)$/i;

const PROT_LETTERS: ReadonlyMap<string, number> = new Map([
  ['r', PROT_READ],
  ['w', PROT_WRITE],
  ['x', PROT_EXEC],
]);

/** Access modes of open(2), and its other flags. */
const ACCESS_WORDS = ['r', 'w', 'rw'] as const;
const OPEN_WORDS: ReadonlyMap<string, keyof OpenOptions> = new Map<string, keyof OpenOptions>([
  ['append', 'append'],
  ['create', 'create'],
  ['directory', 'directory'],
  ['excl', 'exclusive'],
  ['nofollow', 'noFollow'],
  ['nonblock', 'nonBlock'],
  ['trunc', 'truncate'],
]);

/** The words after a statement's first one, taken one by one. All methods throw ScenarioError. */
export class Arguments {
  private readonly line: number;
  private readonly words: readonly string[];
  private next = 0;

  /** @param line its number, for errors. */
  constructor(line: number, words: readonly string[]) {
    this.line = line;
    this.words = words;
  }

  fail(message: string): never {
    throw new ScenarioError(this.line, message);
  }

  /** True if there is another word. */
  optional(): boolean {
    return this.next < this.words.length;
  }

  end(): void {
    if (this.optional()) this.fail(`one word too many: ${this.text()}`);
  }

  text(): string {
    const word = this.words[this.next];
    if (word === undefined) return this.fail('a word is missing');
    this.next += 1;
    return word;
  }

  word<const T extends string>(choices: readonly T[]): T {
    const word = this.text();
    const found = choices.find((choice) => choice === word);
    return found ?? this.fail(`${word} is none of ${choices.join(', ')}`);
  }

  number(): number {
    const word = this.text();
    if (!NUMBER.test(word)) this.fail(`not a number: ${word}`);
    return Number(word);
  }

  /** A number that may be negative. */
  signed(): number {
    if (this.words[this.next]?.startsWith('-') !== true) return this.number();
    const word = this.text().slice(1);
    if (!NUMBER.test(word)) this.fail(`not a number: -${word}`);
    return -Number(word);
  }

  /** A place in a file; undefined for `-`, the position of the open file. */
  place(): number | undefined {
    if (this.words[this.next] !== '-') return this.number();
    this.next += 1;
    return undefined;
  }

  /** The number of an open file, or a path. */
  fileOrPath(): number | string {
    const word = this.text();
    return NUMBER.test(word) ? Number(word) : word;
  }

  /** The number of an open file; -1 for `-`. */
  fd(): number {
    if (this.words[this.next] !== '-') return this.number();
    this.next += 1;
    return -1;
  }

  openOptions(): OpenOptions {
    const access = this.word(ACCESS_WORDS);
    let options: OpenOptions = { read: access !== 'w', write: access !== 'r' };
    for (const word of this.optional() ? this.text().split(',') : []) {
      const flag = OPEN_WORDS.get(word) ?? this.fail(`no such flag: ${word}`);
      options = { ...options, [flag]: true };
    }
    return options;
  }

  /** A list of words with commas, as after mount's -o; undefined if the next word is not such a list. */
  mountOptions(): MountOptions | undefined {
    const words = this.words[this.next]?.split(',') ?? [];
    if (!words.some((word) => MOUNT_OPTION_WORDS.has(word))) return undefined;
    this.next += 1;
    const unknown = words.find((word) => !MOUNT_OPTION_WORDS.has(word));
    if (unknown !== undefined) this.fail(`no such mount option: ${unknown}`);
    return mountOptionsOf(words);
  }

  /** Letters of rwx, or `-`. */
  prot(): number {
    const word = this.text();
    return word === '-' ? 0 : this.bits(word.split(''), PROT_LETTERS);
  }

  /** A list of words with commas, or `-`. */
  flags(table: ReadonlyMap<string, number>): number {
    const word = this.text();
    return word === '-' ? 0 : this.bits(word.split(','), table);
  }

  private bits(words: readonly string[], table: ReadonlyMap<string, number>): number {
    let bits = 0;
    for (const word of words) bits |= table.get(word) ?? this.fail(`no such flag: ${word}`);
    return bits;
  }
}
