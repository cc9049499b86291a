import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { findPeer } from './peers.js';

/** EI_CLASS and e_machine of the programs that a peer executes, in hexadecimal. */
const ARCHITECTURES = {
  'qemu-riscv64-static': ['02', 'f300'],
  'qemu-arm-static': ['01', '2800'],
} as const;

export type RootPeer = keyof typeof ARCHITECTURES;

export interface ProgramEnd {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The exit status; 128 and the number for a signal. */
  readonly status: number;
}

/**
 * $1 is what binfmt_misc is told, $2 the root, then variables, a program and its arguments. The mounts are as `exec --run` has
 * them: the root read-only, /tmp, /proc and /dev; they and the handler belong to namespaces of this process (Linux 6.7).
 * O and P of the handler keep the program's own name in argv[0].
 */
const SCRIPT = `
set -e
handler=$1 root=$2
shift 2
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
printf %s "$handler" >/proc/sys/fs/binfmt_misc/register
mount --bind "$root" "$root"
cd "$root"
mount -t tmpfs none tmp
mount --rbind /proc proc
mount --rbind /dev dev
mount -o remount,bind,ro "$root"
exec env -i "$@"
`;

/**
 * Executes a program of a directory that is its root, under QEMU's user mode; so are the programs that it executes.
 *
 * @param env variables, each `NAME=value`; there are no others.
 */
export function runInQemuRoot(
  peer: RootPeer,
  root: string,
  argv: readonly string[],
  env: readonly string[],
  input: Uint8Array = new Uint8Array(0),
): ProgramEnd {
  const [elfClass, machine] = ARCHITECTURES[peer];
  // e_ident, ET_EXEC or ET_DYN, e_machine
  const magic = escaped(`7f454c46${elfClass}0101${'00'.repeat(9)}0200${machine}`);
  const mask = escaped(`${'ff'.repeat(7)}00${'ff'.repeat(8)}feff${'ff'.repeat(2)}`);
  const handler = `:${peer}:M::${magic}:${mask}:${findPeer(peer)}:FP`;
  const words = ['-Urm', 'sh', '-c', SCRIPT, 'sh', handler, root, ...env, 'chroot', root, ...argv];
  const { status, signal, stdout, stderr, error } = spawnSync('unshare', words, {
    input,
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw error;
  const end = signal === null ? status! : 128 + constants.signals[signal];
  return { stdout, stderr: stderr.toString(), status: end };
}

/** Hexadecimal digits as binfmt_misc takes bytes. */
function escaped(hex: string): string {
  return hex.replace(/../g, '\\x$&');
}
