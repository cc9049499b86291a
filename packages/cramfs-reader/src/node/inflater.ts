import { constants, createInflate, deflateSync } from 'node:zlib';
import type { ZlibCodec } from '../zlib.js';

/**
 * What the streams of node:zlib are built on. It is not a documented interface, though others rely on it as
 * well (the npm command's minizlib): {@link startInflater} tries whether it works.
 */
interface InflateEngine {
  readonly _handle: {
    onerror: (message: string) => void;
    reset(): void;
    writeSync(
      flush: number,
      input: Uint8Array,
      inputStart: number,
      inputLength: number,
      output: Uint8Array,
      outputStart: number,
      outputLength: number,
    ): void;
  };
  /** After writeSync(): bytes left of the output's room, and of the input. */
  readonly _writeState: Uint32Array;
}

type Inflate = ZlibCodec['inflate'];

/**
 * Makes a function that inflates one zlib stream after another with one engine. inflateSync() makes an
 * engine each time, which for a block of 4 KiB takes half as long again as inflating it.
 *
 * @returns undefined if this Node.js does not have what it takes.
 */
export function startInflater(): Inflate | undefined {
  try {
    const inflate = inflaterOf(createInflate() as unknown as InflateEngine);
    return works(inflate) ? inflate : undefined;
  } catch {
    return undefined;
  }
}

function inflaterOf({ _handle: handle, _writeState: state }: InflateEngine): Inflate {
  let problem: string | undefined;
  handle.onerror = (message) => {
    problem = message;
  };
  return (data, maxLength) => {
    // With no byte left, it could not be told whether the stream has ended.
    const room = maxLength + 1;
    const output = new Uint8Array(room);
    problem = undefined;
    handle.reset();
    handle.writeSync(constants.Z_FINISH, data, 0, data.length, output, 0, room);
    const [left = 0] = state;
    problem ??= left === 0 ? `more than ${maxLength} bytes` : undefined;
    if (problem !== undefined) throw new Error(problem);
    return output.subarray(0, room - left);
  };
}

/** Tries what is relied on, as far as it can be seen from here; twice, so that the engine is used again. */
function works(inflate: Inflate): boolean {
  const content = Uint8Array.from({ length: 300 }, (_, index) => index ** 2);
  const packed = deflateSync(content);
  const inflates = (): boolean => Buffer.compare(inflate(packed, content.length), content) === 0;
  const refuses = (data: Uint8Array, maxLength: number): boolean => {
    try {
      inflate(data, maxLength);
      return false;
    } catch {
      return true;
    }
  };
  return (
    inflates() &&
    refuses(packed.subarray(1), content.length) &&
    refuses(packed.subarray(0, -1), content.length) &&
    refuses(packed, content.length - 1) &&
    inflates()
  );
}
