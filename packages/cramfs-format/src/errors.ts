/**
 * Everything this toolkit can find wrong with an image, a source or a request. The codes are
 * stable: scripts and tests may rely on them.
 */
export type CramfsErrorCode =
  /** No superblock where one was looked for. */
  | 'BAD_MAGIC'
  /** The superblock contradicts itself or the file. */
  | 'BAD_SUPERBLOCK'
  /** The image seems sound, but uses something that this toolkit does not know. */
  | 'UNSUPPORTED'
  /** An offset or length points outside the image. */
  | 'OUT_OF_RANGE'
  /** A directory entry, its name or its mode cannot be right. */
  | 'BAD_ENTRY'
  /** A block pointer or a block's length cannot be right. */
  | 'BAD_BLOCK'
  /** A block's data does not inflate to what it should. */
  | 'BAD_DATA'
  /** The directory graph has a loop or is nested too deep. */
  | 'LOOP'
  /** A path does not exist in the image. */
  | 'NOT_FOUND'
  /** A path exists, but is not of the type the operation needs. */
  | 'WRONG_TYPE'
  /** A source cannot be stored in cramfs: an id, size, name or device number does not fit. */
  | 'DOES_NOT_FIT'
  /** The image would pass a limit of the format. */
  | 'TOO_BIG'
  /** A source could not be read, or changed while it was read. */
  | 'BAD_SOURCE'
  /** What was asked for makes no sense. */
  | 'BAD_REQUEST';

export interface CramfsErrorDetails {
  /** Path inside the image, or of the source file, as a byte string (see name.ts). */
  path?: string | undefined;
  /** Image offset in bytes of the cause. */
  offset?: number | undefined;
  cause?: unknown;
}

/** An error whose cause is the image, the source or the request, never a bug in the toolkit. */
export class CramfsError extends Error {
  override readonly name = 'CramfsError';
  readonly code: CramfsErrorCode;
  readonly path: string | undefined;
  readonly offset: number | undefined;

  constructor(code: CramfsErrorCode, message: string, details: CramfsErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.path = details.path;
    this.offset = details.offset;
  }
}

/** `error`, about `path`: a byte string. */
export function withPath({ code, message, offset, cause }: CramfsError, path: string): CramfsError {
  return new CramfsError(code, message, { path, offset, cause });
}

/**
 * True if `error` is a {@link CramfsError}, of one of `codes` if any are given. Compares by name:
 * an error may come from another copy of this module.
 */
export function isCramfsError(error: unknown, ...codes: CramfsErrorCode[]): error is CramfsError {
  if (!(error instanceof Error) || error.name !== 'CramfsError' || !('code' in error)) return false;
  return codes.length === 0 || codes.some((code) => code === error.code);
}

/** A value that does not fit its field: the caller has not checked it. */
export class ValueRangeError extends RangeError {
  override readonly name = 'ValueRangeError';
  readonly code = 'VALUE_RANGE';
}

/** The toolkit contradicts itself: a bug in it, never a fault of its input. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly code = 'INVARIANT';
}

/** Throws an {@link InvariantError} unless `condition` holds. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
