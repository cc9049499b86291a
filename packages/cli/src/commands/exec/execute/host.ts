import { SyscallError } from 'xip-emu';
import type { Host, StreamKind } from 'xip-cpu/linux';
import { errorCode } from '../../../shell/errors.js';
import type { CliIo } from '../../../shell/io.js';

const DEFAULT_ROWS = 24;
const DEFAULT_COLUMNS = 80;

/** The standard streams of the command, used as the machine's. */
export class CommandHost implements Host {
  readonly kinds: readonly [StreamKind, StreamKind, StreamKind];
  private readonly io: CliIo;
  private readonly input: Uint8Array[] = [];
  private readonly chunks: AsyncIterator<Uint8Array | string>;
  private hasEnded = false;
  private output: [stream: 1 | 2, bytes: Uint8Array][] = [];
  private readonly closed = new Set<1 | 2>();

  constructor(io: CliIo) {
    this.io = io;
    const kind = ({ isTTY }: { readonly isTTY?: boolean | undefined }): StreamKind =>
      isTTY === true ? 'terminal' : 'pipe';
    this.kinds = [kind(io.stdin), kind(io.stdout), kind(io.stderr)];
    this.chunks = (io.stdin as AsyncIterable<Uint8Array | string>)[Symbol.asyncIterator]();
  }

  read(into: Uint8Array): number | undefined {
    const first = this.input[0];
    if (first === undefined) return this.hasEnded ? 0 : undefined;
    const part = first.subarray(0, into.length);
    into.set(part);
    if (part.length === first.length) this.input.shift();
    else this.input[0] = first.subarray(part.length);
    return part.length;
  }

  write(stream: 1 | 2, bytes: Uint8Array): void {
    if (this.closed.has(stream)) throw new SyscallError('EPIPE');
    this.output.push([stream, bytes.slice()]);
  }

  windowSize(): { readonly rows: number; readonly columns: number } {
    const { columns = DEFAULT_COLUMNS } = this.io.stdout;
    const { rows } = this.io.stdout as { readonly rows?: number };
    return { rows: rows ?? DEFAULT_ROWS, columns };
  }

  readonly setRaw = (raw: boolean): void => {
    const { stdin } = this.io as { readonly stdin: { setRawMode?: (raw: boolean) => void } };
    stdin.setRawMode?.(raw);
  };

  /** Waits for more input, or its end. */
  async waitForInput(): Promise<void> {
    const next = await this.chunks.next();
    if (next.done === true) this.hasEnded = true;
    else this.input.push(typeof next.value === 'string' ? Buffer.from(next.value) : next.value);
  }

  /** Writes the programs' output, at the pace of its readers. @throws FileError. */
  async flush(): Promise<void> {
    const output = this.output;
    this.output = [];
    for (const [stream, bytes] of output) {
      if (!this.closed.has(stream)) await this.writeOut(stream, bytes);
    }
  }

  /** Stops reading the input: a terminal that is being read would keep the command from ending. */
  async close(): Promise<void> {
    this.setRaw(false);
    await this.chunks.return?.();
    this.io.stdin.destroy();
  }

  private async writeOut(stream: 1 | 2, bytes: Uint8Array): Promise<void> {
    const target = stream === 1 ? this.io.stdout : this.io.stderr;
    await new Promise<void>((resolve, reject) => {
      target.write(bytes, (error) => {
        if (error == null) resolve();
        else if (errorCode(error) === 'EPIPE') {
          this.closed.add(stream);
          resolve();
        } else reject(error);
      });
    });
  }
}
