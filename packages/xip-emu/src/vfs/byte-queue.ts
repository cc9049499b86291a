/** Bytes in the order in which they came: what a pipe holds. */
export class ByteQueue {
  private readonly pieces: Uint8Array[] = [];
  private bytes = 0;

  get length(): number {
    return this.bytes;
  }

  /** Adds a copy of `piece`. */
  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.pieces.push(piece.slice());
    this.bytes += piece.length;
  }

  /** Takes out as many bytes as there are and `into` has room for. @returns how many. */
  shift(into: Uint8Array): number {
    let done = 0;
    while (done < into.length && this.pieces.length > 0) {
      const first = this.pieces[0]!;
      const part = first.subarray(0, into.length - done);
      into.set(part, done);
      done += part.length;
      if (part.length === first.length) this.pieces.shift();
      else this.pieces[0] = first.subarray(part.length);
    }
    this.bytes -= done;
    return done;
  }
}
