import { textToName } from 'cramfs-format';
import { absolutePath, lineError, MAX_PAGES, ProfileBuilder } from './profile-builder.js';
import type { Profile } from './profile.js';

/** Page size of the machine that runs scenarios. */
const PAGE_SIZE = 4096;
/** Where scenarios see the image; other paths belong to an overlay's upper layer or an archive. */
const IMAGE_MOUNTS = ['/rom', '/ovl', '/fuse'];

/** What a process of the scenario has open and mapped, by the scenario's names. */
class ScenarioProcess {
  /** Paths of open files by descriptor. */
  readonly files: Map<string, string>;
  /** Mappings by ID. */
  readonly maps: Map<string, { readonly path: string; readonly pgoff: number }>;

  constructor(parent?: ScenarioProcess) {
    this.files = new Map(parent?.files);
    this.maps = new Map(parent?.maps);
  }
}

/** True for the first line of such a file. */
export function isRunRecordLine(line: string): boolean {
  return recordOf(line) !== undefined;
}

/**
 * Takes from records of `cramfs run`, or of a kernel that ran the scenario, what was touched through
 * read-only mappings of files of the image: `touch` and `sum`.
 *
 * @param text one character per byte.
 * @throws CramfsError BAD_SOURCE naming the line.
 */
export function parseRunRecord(text: string, source: string): Profile {
  const builder = new ProfileBuilder(source, 'run-record', 'mapped');
  const processes = new Map<number, ScenarioProcess>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const record = recordOf(line);
    if (record === undefined) throw lineError(index + 1, 'not a record of cramfs run');
    const { p, words, ret, child } = record;
    if (words[0] === 'mount') processes.clear();
    const process = processes.get(p) ?? new ScenarioProcess();
    processes.set(p, process);
    if (child !== undefined && words[0] === 'fork')
      processes.set(child, new ScenarioProcess(process));
    else if (ret === 'ok') follow(process, words, builder);
  }
  return builder.build();
}

/** What a system call or an access has done. */
function follow(process: ScenarioProcess, words: readonly string[], builder: ProfileBuilder): void {
  const [word = '', name = '', ...rest] = words;
  const touch = (page: number, pages: number): void => {
    const map = process.maps.get(name);
    if (map === undefined) return;
    const first = map.pgoff + page;
    if (first >= 0 && pages > 0 && first + pages < MAX_PAGES) {
      builder.touch(map.path, { first, pages });
    }
  };
  switch (word) {
    case 'open':
      process.files.set(name, imagePath(rest[0] ?? ''));
      return;
    case 'mmap': {
      const [fd = '', , prot = '', , pgoff] = rest;
      const path = process.files.get(fd);
      if (path === undefined || prot.includes('w')) process.maps.delete(name);
      else process.maps.set(name, { path, pgoff: Number(pgoff) });
      return;
    }
    case 'touch':
      touch(Number(rest[0]), 1);
      return;
    case 'sum': {
      const first = Math.floor(Number(rest[0]) / PAGE_SIZE);
      const end = Math.ceil((Number(rest[0]) + Number(rest[1])) / PAGE_SIZE);
      touch(first, end - first);
      return;
    }
  }
}

function imagePath(name: string): string {
  const path = absolutePath(name);
  const mount = IMAGE_MOUNTS.find((each) => path.startsWith(`${each}/`));
  return mount === undefined || !name.startsWith('/') ? path : path.slice(mount.length);
}

interface RunRecord {
  readonly p: number;
  /** Words of the line of the scenario. */
  readonly words: readonly string[];
  readonly ret: unknown;
  /** For a fork: the number of the new process. */
  readonly child: number | undefined;
}

function recordOf(line: string): RunRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { p, op, cmd, ret, child } = value as Readonly<Record<string, unknown>>;
  if (typeof op !== 'string') return undefined;
  const words = typeof cmd === 'string' ? cmd.split(/\s+/).map(textToName) : [op];
  return {
    p: typeof p === 'number' ? p : 0,
    words,
    ret,
    child: typeof child === 'number' ? child : undefined,
  };
}
