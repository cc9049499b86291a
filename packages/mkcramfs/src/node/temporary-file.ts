import { readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Names of files that are being written: the final name, then what tells whether the writer is alive: the
 * machine's boot, the pid namespace, the process and when it started. Random digits distinguish the files of
 * one process.
 */
const NAME = /\.([0-9a-f]+)-([0-9]+)-([0-9]+)-([0-9]+)-[0-9a-f]{8}\.tmp$/;

/** Bytes of the final name: names of 255 bytes are the longest that file systems have. */
const MAX_STEM = 120;

/** For a writer whose pid means nothing here, in another container or machine: no build takes this long. */
const FOREIGN_AGE_MS = 60 * 60 * 1000;

/** A name for what will replace `path`, in the same directory, that no other process uses. */
export function temporaryName(path: string): string {
  const { boot, namespace } = ourSystem();
  const writer = `${boot}-${namespace}-${process.pid}-${startTime(process.pid) ?? 0}`;
  // node:crypto takes 2 ms to load. A name that exists is an error anyway, because files are made
  // with O_EXCL.
  const unique = Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
  return join(dirname(path), `${stem(path)}.${writer}-${unique}.tmp`);
}

/**
 * Removes temporary files of `path` whose writers were killed. Files of running processes, here or in another
 * container, stay, as do files that cannot be removed.
 */
export function removeStale(path: string): void {
  const directory = dirname(path);
  const prefix = `${stem(path)}.`;
  for (const name of tryTo(() => readdirSync(directory)) ?? []) {
    if (!name.startsWith(prefix)) continue;
    const stale = join(directory, name);
    if (isStale(stale))
      tryTo(() => {
        rmSync(stale);
      });
  }
}

function isStale(path: string): boolean {
  const [, boot, namespace, pid, start] = NAME.exec(path) ?? [];
  if (pid === undefined) return false;
  const here = ourSystem();
  if (here.boot !== UNKNOWN && boot === here.boot && namespace === here.namespace) {
    return startTime(Number(pid)) !== start;
  }
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > FOREIGN_AGE_MS;
}

function stem(path: string): string {
  return Buffer.from(basename(path)).subarray(0, MAX_STEM).toString();
}

/** The value if there is no /proc. */
const UNKNOWN = '0';

/** The namespace in which pids mean the same as here. */
function ourSystem(): { boot: string; namespace: string } {
  const boot = tryTo(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'));
  const namespace = tryTo(() => readlinkSync('/proc/self/ns/pid'));
  return {
    boot: boot?.slice(0, 8) ?? UNKNOWN,
    namespace: /\[([0-9]+)\]/.exec(namespace ?? '')?.[1] ?? UNKNOWN,
  };
}

/** When a process started, in ticks since boot; undefined if there is none with that pid. */
function startTime(pid: number): string | undefined {
  const stat = tryTo(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The command's name, in parentheses, may contain anything; the fields after it are numbered from
  // 3.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[22 - 3];
}

function tryTo<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
