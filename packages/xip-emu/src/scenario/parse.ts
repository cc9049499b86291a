import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type Advice,
} from '../memory-map.js';
import type { OpenOptions } from '../vfs/open.js';
import type { PathOperation } from './path-ops.js';

export const MOUNT_KINDS = [
  'mtd',
  'block',
  'overlay',
  'overlay-block',
  'tarfs',
  'fuse',
  'fuse-cached',
] as const;
export type MountKind = (typeof MOUNT_KINDS)[number];

/**
 * Sources that mount(2) of cramfs can be given. A block device of an MTD is only the MTD's name: what
 * is mounted is the MTD. Compare drivers/mtd/mtdsuper.c:get_tree_mtd().
 */
const MOUNT_SOURCES: ReadonlyMap<string, MountKind> = new Map([
  ['mtd0', 'mtd'],
  ['/dev/mtdblock0', 'mtd'],
  ['/dev/vda', 'block'],
]);

const ADVICE = [
  'normal',
  'random',
  'sequential',
  'willneed',
  'dontneed',
  'free',
  'populate_r',
  'populate_w',
] as const satisfies readonly Advice[];

/** One operation of a scenario. Lengths and offsets are bytes, `page` and `pgoff` pages. */
export type Operation =
  | PathOperation
  | {
      readonly op: 'mount';
      readonly kind: MountKind;
      /** Name of the archive, for tarfs. */
      readonly file: string | undefined;
    }
  | { readonly op: 'tune'; readonly bytes: number }
  | {
      readonly op: 'open';
      readonly fd: number;
      readonly path: string;
      readonly options: OpenOptions;
    }
  | {
      readonly op: 'mmap';
      readonly id: string;
      /** -1: none. */
      readonly fd: number;
      readonly length: number;
      readonly prot: number;
      readonly flags: number;
      readonly pgoff: number;
      readonly address: number;
    }
  | { readonly op: 'touch'; readonly id: string; readonly page: number; readonly write: boolean }
  | { readonly op: 'sum'; readonly id: string; readonly offset: number; readonly length: number }
  | { readonly op: 'munmap'; readonly id: string; readonly offset: number; readonly length: number }
  | {
      readonly op: 'mprotect';
      readonly id: string;
      readonly offset: number;
      readonly length: number;
      readonly prot: number;
    }
  | {
      readonly op: 'madvise';
      readonly id: string;
      readonly offset: number;
      readonly length: number;
      readonly advice: Advice;
    }
  | {
      readonly op: 'mremap';
      readonly id: string;
      readonly length: number;
      readonly flags: number;
      readonly newAddress: number;
    }
  | {
      readonly op: 'msync';
      readonly id: string;
      readonly offset: number;
      readonly length: number;
      readonly flags: number;
    }
  | { readonly op: 'mincore'; readonly id: string }
  | { readonly op: 'maps' }
  /** Without an id: all of them. */
  | { readonly op: 'pages'; readonly id: string | undefined }
  | { readonly op: 'read'; readonly fd: number; readonly offset: number; readonly length: number }
  | {
      readonly op: 'write';
      readonly fd: number;
      readonly offset: number;
      readonly length: number;
      readonly seed: number;
    }
  | { readonly op: 'close'; readonly fd: number }
  | { readonly op: 'fork'; readonly body: readonly Statement[]; readonly end: Line }
  | { readonly op: 'exec'; readonly path: string };

/** Where an operation stands. */
export interface Line {
  /** Line number, from 1. */
  readonly n: number;
  /** The line without its comment. */
  readonly cmd: string;
}

export type Statement = Line & Operation;

/** A scenario that is not in the language. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly code = 'BAD_SCENARIO';
  readonly line: number;
  /** The message without the line. */
  readonly reason: string;

  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
    this.reason = reason;
  }
}

/** @throws ScenarioError */
export function parseScenario(text: string): Statement[] {
  const lines = text
    .split('\n')
    .map((line, index): Line => ({ n: index + 1, cmd: line.replace(/#.*/, '').trim() }))
    .filter(({ cmd }) => cmd !== '');
  const reader = { lines, at: 0 };
  const statements = parseBlock(reader);
  const rest = lines[reader.at];
  if (rest !== undefined) throw new ScenarioError(rest.n, 'end without fork');
  return statements;
}

interface LineReader {
  readonly lines: readonly Line[];
  at: number;
}

/** Statements up to `end` or the end of the text; does not take the `end`. */
function parseBlock(reader: LineReader): Statement[] {
  const statements: Statement[] = [];
  for (;;) {
    const line = reader.lines[reader.at];
    if (line === undefined || line.cmd === 'end') return statements;
    reader.at += 1;
    if (line.cmd === 'fork') {
      const body = parseBlock(reader);
      const end = reader.lines[reader.at];
      if (end === undefined) throw new ScenarioError(line.n, 'fork without end');
      reader.at += 1;
      statements.push({ ...line, op: 'fork', body, end });
    } else {
      const { n, cmd } = line;
      statements.push({ n, cmd, ...parseOperation(line) });
    }
  }
}

function parseOperation(line: Line): Operation {
  const [op = '', ...words] = line.cmd.split(/\s+/);
  const args = new Arguments(line, words);
  const operation = readOperation(op, args);
  args.end();
  return operation;
}

function readOperation(op: string, args: Arguments): Operation {
  switch (op) {
    case 'mount': {
      const source = args.word([...MOUNT_KINDS, ...MOUNT_SOURCES.keys()]);
      const kind = MOUNT_SOURCES.get(source) ?? (source as MountKind);
      return { op, kind, file: kind === 'tarfs' ? args.text() : undefined };
    }
    case 'tune':
      args.word(['fault_around']);
      return { op, bytes: args.number() };
    case 'open':
      return { op, fd: args.number(), path: args.text(), options: args.openOptions() };
    case 'truncate':
      return { op, file: args.fileOrPath(), size: args.number() };
    case 'fsync':
      return { op, fd: args.number() };
    case 'sync':
      return { op };
    case 'stat':
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
    case 'chdir':
    case 'chroot':
      return { op, path: args.text() };
    case 'link':
    case 'symlink':
    case 'rename':
      return { op, path: args.text(), newPath: args.text() };
    case 'remount':
      return { op, path: args.text(), readOnly: args.word(['ro', 'rw']) === 'ro' };
    case 'mmap':
      return {
        op,
        id: args.text(),
        fd: args.fd(),
        length: args.number(),
        prot: args.prot(),
        flags: args.flags(MAP_WORDS),
        pgoff: args.number(),
        address: args.optional() ? args.number() : 0,
      };
    case 'touch':
      return { op, id: args.text(), page: args.number(), write: args.word(['r', 'w']) === 'w' };
    case 'sum':
    case 'munmap':
      return { op, id: args.text(), offset: args.number(), length: args.number() };
    case 'msync':
      return {
        op,
        id: args.text(),
        offset: args.number(),
        length: args.number(),
        flags: args.optional() ? args.flags(MSYNC_WORDS) : MS_SYNC,
      };
    case 'mprotect':
      return {
        op,
        id: args.text(),
        offset: args.number(),
        length: args.number(),
        prot: args.prot(),
      };
    case 'madvise':
      return {
        op,
        id: args.text(),
        offset: args.number(),
        length: args.number(),
        advice: args.word(ADVICE),
      };
    case 'mremap':
      return {
        op,
        id: args.text(),
        length: args.number(),
        flags: args.optional() ? args.flags(MREMAP_WORDS) : 0,
        newAddress: args.optional() ? args.number() : 0,
      };
    case 'mincore':
      return { op, id: args.text() };
    case 'maps':
      return { op };
    case 'pages': {
      const id = args.text();
      return { op, id: id === '*' ? undefined : id };
    }
    case 'read':
      return { op, fd: args.number(), offset: args.number(), length: args.number() };
    case 'write':
      return {
        op,
        fd: args.number(),
        offset: args.number(),
        length: args.number(),
        seed: args.number(),
      };
    case 'close':
      return { op, fd: args.number() };
    case 'exec':
      return { op, path: args.text() };
    default:
      return args.fail(`no such operation: ${op}`);
  }
}

const NUMBER = /^(0x[0-9a-f]+|\d+)$/i;

const PROT_LETTERS: ReadonlyMap<string, number> = new Map([
  ['r', PROT_READ],
  ['w', PROT_WRITE],
  ['x', PROT_EXEC],
]);

const OPEN_WORDS: ReadonlySet<string> = new Set(['create', 'excl', 'trunc']);

const MAP_WORDS: ReadonlyMap<string, number> = new Map([
  ['private', MAP_PRIVATE],
  ['shared', MAP_SHARED],
  ['fixed', MAP_FIXED],
  ['fixed_noreplace', MAP_FIXED_NOREPLACE],
  ['anon', MAP_ANONYMOUS],
  ['noreserve', MAP_NORESERVE],
  ['populate', MAP_POPULATE],
]);

const MREMAP_WORDS: ReadonlyMap<string, number> = new Map([
  ['maymove', MREMAP_MAYMOVE],
  ['fixed', MREMAP_FIXED],
  ['dontunmap', MREMAP_DONTUNMAP],
]);

const MSYNC_WORDS: ReadonlyMap<string, number> = new Map([
  ['async', MS_ASYNC],
  ['invalidate', MS_INVALIDATE],
  ['sync', MS_SYNC],
]);

/** The words behind an operation's name, taken one by one. */
class Arguments {
  private readonly line: Line;
  private readonly words: readonly string[];
  private next = 0;

  constructor(line: Line, words: readonly string[]) {
    this.line = line;
    this.words = words;
  }

  fail(message: string): never {
    throw new ScenarioError(this.line.n, message);
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

  /** A number of an open file, or else a path. */
  fileOrPath(): number | string {
    const word = this.text();
    return NUMBER.test(word) ? Number(word) : word;
  }

  fd(): number {
    if (this.words[this.next] !== '-') return this.number();
    this.next += 1;
    return -1;
  }

  openOptions(): OpenOptions {
    const write = this.word(['r', 'rw']) === 'rw';
    const flags = this.optional() ? this.text().split(',') : [];
    for (const flag of flags) if (!OPEN_WORDS.has(flag)) this.fail(`no such flag: ${flag}`);
    return {
      write,
      create: flags.includes('create'),
      exclusive: flags.includes('excl'),
      truncate: flags.includes('trunc'),
    };
  }

  prot(): number {
    const word = this.text();
    return word === '-' ? 0 : this.bits(word.split(''), PROT_LETTERS);
  }

  /** A list of words, or `-`. */
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
