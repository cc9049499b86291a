import { POLLIN, POLLOUT, SyscallError, iterFileSpliceWrite, type FileOperations } from 'xip-emu';

/** The kind of a standard stream of the host. */
export type StreamKind = 'terminal' | 'pipe';

/** The world outside of the machine. */
export interface Host {
  /** The kinds of input, output and error output. */
  readonly kinds: readonly [StreamKind, StreamKind, StreamKind];
  /**
   * Reads input. It may wait.
   *
   * @returns bytes; 0 at the end; undefined: there is none yet.
   */
  read(into: Uint8Array): number | undefined;
  /** Writes to the output (1) or the error output (2). @throws SyscallError EPIPE, EIO. */
  write(stream: 1 | 2, bytes: Uint8Array): void;
  /** Returns the size of the terminal, if there is one. */
  readonly windowSize: () => { readonly rows: number; readonly columns: number };
  /** Turns the line discipline of the host's terminal off or on again. */
  readonly setRaw?: ((raw: boolean) => void) | undefined;
}

/**
 * The events of a stream of the host: always ready, because its reads and writes can be started at
 * any time.
 */
export function pollHost(): number {
  return POLLIN | POLLOUT;
}

/** Returns the operations of a stream of the host, which has no position. */
export function hostOperations(host: Host, output: 1 | 2): FileOperations {
  return {
    isStream: true,
    readIter(_file, _position, into) {
      const got = into.length === 0 ? 0 : host.read(into);
      if (got === undefined) throw new SyscallError('EAGAIN', 'no input yet');
      return got;
    },
    writeIter(_file, _position, from) {
      host.write(output, from);
      return from.length;
    },
    spliceWrite: iterFileSpliceWrite,
    poll: pollHost,
  };
}
