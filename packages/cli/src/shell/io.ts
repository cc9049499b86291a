import type { Readable, Writable } from 'node:stream';
import { FileError, OutputClosedError, UsageError, errorCode } from './errors.js';

/** A stream that may be a terminal. */
export type TerminalOrNot = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** Everything a command may touch of its process; tests bring their own. */
export interface CliIo {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: TerminalOrNot;
  readonly stderr: TerminalOrNot;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Aborted by SIGINT and SIGTERM. A command that could leave something half done uses it; for others the
   * signals simply end the process.
   */
  interruptSignal(): AbortSignal;
}

/**
 * Standard input, as data.
 *
 * @throws UsageError if it is a terminal: nobody types an image.
 */
export function standardInput({ stdin }: CliIo): Readable {
  if (stdin.isTTY !== true) return stdin;
  throw new UsageError('standard input is a terminal: name a file, or pipe one in');
}

/** Prints a finished result. If its reader has gone, that is not an error of the command. */
export async function print(io: CliIo, text: string): Promise<void> {
  if (text === '') return;
  try {
    await writeOut(io, text);
  } catch (error) {
    if (!(error instanceof OutputClosedError)) throw error;
  }
}

/** Characters that are gathered before they are written. */
const PIECES_AT_ONCE = 1 << 16;

/** Prints a long result while it is made: little of it is in memory at a time. */
export async function printPieces(io: CliIo, pieces: Iterable<string>): Promise<void> {
  let gathered: string[] = [];
  let length = 0;
  try {
    for (const piece of pieces) {
      gathered.push(piece);
      length += piece.length;
      if (length < PIECES_AT_ONCE) continue;
      await writeOut(io, gathered.join(''));
      gathered = [];
      length = 0;
    }
    if (length > 0) await writeOut(io, gathered.join(''));
  } catch (error) {
    if (!(error instanceof OutputClosedError)) throw error;
  }
}

/**
 * Writes a part of a longer output, at the pace of its reader.
 *
 * @throws OutputClosedError if the reader has gone, else FileError.
 */
export async function writeOut(io: CliIo, chunk: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    io.stdout.write(chunk, (error) => {
      if (error == null) resolve();
      else if (errorCode(error) === 'EPIPE') reject(new OutputClosedError());
      else reject(new FileError('standard output', error));
    });
  });
}
