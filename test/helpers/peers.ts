import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import { describe } from 'vitest';

/** Other people's programs that tests compare with, under the names they may have. */
const PEERS = {
  'mkfs.cramfs': ['mkfs.cramfs'],
  'fsck.cramfs': ['fsck.cramfs'],
  '7z': ['7zz', '7z'],
  mksquashfs: ['mksquashfs'],
  tar: ['tar'],
  bsdtar: ['bsdtar'],
  fakeroot: ['fakeroot'],
  pseudo: ['pseudo'],
  getfattr: ['getfattr'],
  setfattr: ['setfattr'],
  'qemu-arm': ['qemu-arm', 'qemu-arm-static'],
  'arm-linux-gnueabihf-gcc': ['arm-linux-gnueabihf-gcc'],
  'qemu-riscv64': ['qemu-riscv64', 'qemu-riscv64-static'],
  'qemu-riscv64-static': ['qemu-riscv64-static'],
  'qemu-arm-static': ['qemu-arm-static'],
  'qemu-riscv32': ['qemu-riscv32', 'qemu-riscv32-static'],
  'riscv64-linux-gnu-gcc': ['riscv64-linux-gnu-gcc'],
  python3: ['python3'],
  script: ['script'],
  bash: ['bash'],
  zsh: ['zsh'],
  fish: ['fish'],
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
} as const;

export type PeerName = keyof typeof PEERS;

/** Debian keeps the cramfs tools where an ordinary user's PATH does not look. */
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin'];
const TIME_LIMIT_MS = 120_000;
const OUTPUT_LIMIT = 512 * 2 ** 20;

export interface PeerResult {
  readonly status: number | null;
  /** Set if the program was killed: a crash, or more than two minutes. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface PeerOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; default empty. */
  readonly input?: Uint8Array;
}

/**
 * Path of an installed peer, or undefined. npm puts node_modules/.bin into the PATH of what it runs,
 * and there our own drop-in commands have the peers' names: those do not count.
 */
export function findPeer(name: PeerName): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const directories = [...path, ...SYSTEM_DIRECTORIES].filter(
    (directory) => !directory.split(sep).includes('node_modules'),
  );
  for (const program of PEERS[name]) {
    for (const directory of directories) {
      const path = join(directory, program);
      if (directory !== '' && isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * `describe` for tests that need the named peers; if one is not installed, they are skipped and the
 * title says why.
 */
export function describeWithPeers(
  names: PeerName | readonly PeerName[],
  title: string,
  tests: () => void,
): void {
  const missing = [names].flat().filter((name) => findPeer(name) === undefined);
  if (missing.length === 0) describe(title, tests);
  else describe.skip(`${title} (not installed: ${missing.join(', ')})`, tests);
}

/** Runs a peer to its end with its output captured; whatever its exit status is, it is returned. */
export function runPeer(
  name: PeerName,
  args: readonly string[],
  options: PeerOptions = {},
): PeerResult {
  const program = findPeer(name);
  if (program === undefined) throw new Error(`${name} is not installed`);
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    cwd: options.cwd,
    input: options.input ?? '',
    timeout: TIME_LIMIT_MS,
    maxBuffer: OUTPUT_LIMIT,
    // Untranslated messages.
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
  });
  if (error !== undefined && signal === null) throw error;
  return { status, signal, stdout, stderr: stderr.toString() };
}

/** {@link runPeer}, for runs that have to succeed. Returns standard output. */
export function runPeerOk(
  name: PeerName,
  args: readonly string[],
  options: PeerOptions = {},
): Buffer {
  const { status, signal, stdout, stderr } = runPeer(name, args, options);
  if (status !== 0) {
    const how = signal === null ? `exit code ${status}` : `killed by ${signal}`;
    throw new Error(`${name} ${args.join(' ')}: ${how}\n${stdout.toString()}${stderr}`);
  }
  return stdout;
}

/** Lets fsck.cramfs extract a whole image; `target` must not exist or be an empty directory. */
export function extractWithFsck(image: string, target: string): void {
  runPeerOk('fsck.cramfs', [`--extract=${target}`, image]);
}

/** Lets 7-Zip extract a whole image. It knows neither owners nor device nodes. */
export function extractWith7z(image: string, target: string): void {
  runPeerOk('7z', ['x', '-y', '-bd', `-o${target}`, image]);
}

/** Calls `use` with a new directory and removes it afterwards. */
export async function withTemporaryDirectory<Result>(
  use: (directory: string) => Result | Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'cramfs-test-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
