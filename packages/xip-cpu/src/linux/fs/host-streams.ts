import { POLLIN, POLLOUT, SyscallError, type FileOperations } from 'xip-emu';

/** What a standard stream of the host is. */
export type StreamKind = 'terminal' | 'pipe';

/** The world outside of the machine. */
export interface Host {
  /** Kinds of input, output and error output. */
  readonly kinds: readonly [StreamKind, StreamKind, StreamKind];
  /**
   * Reads input, and may wait for it.
   *
   * @returns bytes; 0 at the end; undefined: there is none yet.
   */
  read(into: Uint8Array): number | undefined;
  /** Writes to the output (1) or the error output (2). @throws SyscallError EPIPE, EIO. */
  write(stream: 1 | 2, bytes: Uint8Array): void;
  /** Size of the terminal, if there is one. */
  readonly windowSize: () => { readonly rows: number; readonly columns: number };
  /** Turns off, or on again, what the host's terminal does to lines. */
  readonly setRaw?: ((raw: boolean) => void) | undefined;
}

/** Reads of the host may wait, so that they can always be begun. */
export function pollHost(): number {
  return POLLIN | POLLOUT;
}

/** Reads and writes of a stream of the host, which has no position. */
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
    poll: pollHost,
  };
}
