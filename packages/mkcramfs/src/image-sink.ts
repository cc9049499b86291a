/** Where an image goes: bytes in order, then corrections of bytes already written. */
export interface ImageSink {
  /**
   * Nothing is lost if a build fails after its first bytes were written. Such a sink may get bytes before the
   * whole tree has been read.
   */
  readonly isTentative?: boolean;
  /** `bytes` is valid during the call only. */
  write(bytes: Uint8Array): void;
  patch(offset: number, bytes: Uint8Array): void;
}

/** Continues a checksum over bytes, as zlib's crc32() does. */
export type Crc32 = (bytes: Uint8Array, crc: number) => number;
