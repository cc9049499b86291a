import { spawnSync } from 'node:child_process';
import { CramfsError, bytesToName, nameToText, type DeviceNumber } from 'cramfs-format';
import { systemReason } from 'cramfs-archive/node';

/** What stat(2) tells programs about a file if a preloaded library changes it. */
export interface FakedStatus {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: DeviceNumber;
  /** The kernel's inode number: with `ctimeNs` it identifies the file and its latest change. */
  readonly ino: bigint;
  readonly ctimeNs: bigint;
}

/** Libraries that pretend to a process, through libc's functions, that it is root. */
const LIBRARIES = /\blib(fakeroot|pseudo)\b/;

/**
 * The name of the tool that fakes owners and modes for the programs that this process would start,
 * if there is one. Node.js does not see what it fakes: libuv asks the kernel for statx(2) itself,
 * past libc (compare libuv's uv__statx()). What Node.js changes goes through libc, so the tool sees it.
 */
export function statFaker(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return LIBRARIES.exec(env['LD_PRELOAD'] ?? '')?.[1];
}

/** A record for each file; the name is last, as it may hold anything but NUL. */
const FORMAT = '%f %u %g %t %T %i %.9Z %n\\0';
type Field = 'mode' | 'uid' | 'gid' | 'major' | 'minor' | 'ino' | 'ctime' | 'path';
const RECORD =
  /^(?<mode>[0-9a-f]+) (?<uid>\d+) (?<gid>\d+) (?<major>[0-9a-f]+) (?<minor>[0-9a-f]+) (?<ino>\d+) (?<ctime>-?\d+\.\d{9}) \.(?<path>[^]*)$/;

/**
 * What a faking library says about everything below a directory, by path in the tree: GNU find and
 * stat, which see it, list the whole tree at once. What find cannot read is missing.
 *
 * @param directory on this machine.
 * @param tool for messages, see {@link statFaker}.
 * @throws CramfsError UNSUPPORTED if the programs are missing or not GNU's.
 */
export function readFakedTree(directory: string, tool: string): Map<string, FakedStatus> {
  const arguments_ = ['.', '-exec', 'stat', `--printf=${FORMAT}`, '--', '{}', '+'];
  const { stdout, stderr, error } = spawnSync('find', arguments_, {
    cwd: directory,
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: Infinity,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tree = new Map<string, FakedStatus>();
  if (error === undefined) {
    for (const record of records(stdout)) addRecord(tree, record);
    if (tree.has('/')) return tree;
  }
  const reason = error === undefined ? bytesToName(stderr).split('\n', 1)[0]! : systemReason(error);
  throw new CramfsError(
    'UNSUPPORTED',
    `what ${tool} fakes can only be read with GNU find and stat (${nameToText(reason)}): pipe in ` +
      `a tar instead, tar -cC ${directory} . | cramfs build - IMAGE`,
  );
}

/** NUL ends each of them, and cannot be part of any. */
function* records(output: Buffer): Generator<string> {
  for (let at = 0; ;) {
    const end = output.indexOf(0, at);
    if (end < 0) return;
    yield bytesToName(output.subarray(at, end));
    at = end + 1;
  }
}

function addRecord(tree: Map<string, FakedStatus>, record: string): void {
  const { groups } = RECORD.exec(record) ?? {};
  if (groups === undefined) return;
  const { mode, uid, gid, major, minor, ino, ctime, path } = groups as Record<Field, string>;
  tree.set(path === '' ? '/' : path, {
    mode: parseInt(mode, 16),
    uid: Number(uid),
    gid: Number(gid),
    rdev: { major: parseInt(major, 16), minor: parseInt(minor, 16) },
    ino: BigInt(ino),
    ctimeNs: BigInt(ctime.replace('.', '')),
  });
}
