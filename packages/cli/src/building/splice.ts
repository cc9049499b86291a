import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { CramfsError, isCramfsError } from 'cramfs-format';
import { openAnyImage, type CramfsImage } from 'cramfs-reader';
import {
  UIMAGE_HEADER,
  changedUImageHeader,
  findInFile,
  nodeZlib,
  readImageRange,
  readUImageHeader,
} from 'cramfs-reader/node';
import { temporaryName } from 'mkcramfs/node';
import { hex } from '../render/json.js';

/** Where a new image goes. */
export interface SpliceRequest {
  /** The firmware, which is not changed. */
  readonly file: string;
  /** Offset of the old image in the file. */
  readonly at: number;
  /** What follows a new image that is smaller. */
  readonly fill: number;
  /** A larger image may take bytes after the old one, if they are empty. */
  readonly grow: boolean;
}

/** How many bytes before the image are searched for headers. */
const HEADER_RANGE = 2 ** 26;
const PIECE = 2 ** 24;
const UIMAGE_MAGIC = Buffer.from([0x27, 0x05, 0x19, 0x56]);

/**
 * Writes a copy of a firmware file with the new image in the old one's place. What follows stays in place. If
 * the image is part of a uImage, the size and checksums in its header are updated.
 *
 * @returns what was done, in words.
 * @throws CramfsError BAD_MAGIC if there is no image, UNSUPPORTED if it is in a stream, TOO_BIG if the new one does not fit; the
 * system's error. `output` has not changed then.
 */
export async function spliceImage(
  image: Uint8Array,
  { file, at, fill, grow }: SpliceRequest,
  output: string,
): Promise<string[]> {
  const oldSize = await sizeOfImage(file, at);
  const temporary = temporaryName(output);
  try {
    copyFileSync(file, temporary);
    const notes = withFile(temporary, (fd) => putInPlace(fd, image, oldSize, { at, fill, grow }));
    // The name appears only when the file is complete.
    renameSync(temporary, output);
    return notes;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function withFile<T>(path: string, action: (fd: number) => T): T {
  const fd = openSync(path, 'r+');
  try {
    return action(fd);
  } finally {
    closeSync(fd);
  }
}

function putInPlace(
  fd: number,
  image: Uint8Array,
  oldSize: number,
  { at, fill, grow }: Omit<SpliceRequest, 'file'>,
): string[] {
  const { size } = fstatSync(fd);
  if (image.length > oldSize) {
    checkRoom(fd, { from: at + oldSize, to: at + image.length, size }, grow);
  }
  const rest = new Uint8Array(Math.max(0, oldSize - image.length)).fill(fill);
  writeAll(fd, image, at);
  writeAll(fd, rest, at + image.length);
  const header = repairHeader(fd, at, oldSize, image.length);
  const done = `put ${image.length} bytes in the place of ${oldSize} at ${hex(at)}`;
  return header === undefined ? [done] : [done, header];
}

async function sizeOfImage(file: string, at: number): Promise<number> {
  const image = await openOld(file, at);
  if (image.isCutOff) {
    throw new CramfsError('BAD_REQUEST', 'the old image is cut off', { offset: at });
  }
  return image.size;
}

async function openOld(file: string, at: number): Promise<CramfsImage> {
  try {
    return await openAnyImage(readImageRange(file, at), { zlib: nodeZlib });
  } catch (error) {
    if (!isCramfsError(error, 'BAD_MAGIC')) throw error;
    throw await whereItIs(file, at);
  }
}

/** An image in a compressed stream has no place of its own in the file: only its user can change that. */
async function whereItIs(file: string, at: number): Promise<CramfsError> {
  const found = await findInFile(file);
  const nested = found.find(({ inside: [stream] }) => stream?.offset === at);
  const [{ kind } = { kind: undefined }] = nested?.inside ?? [];
  const free = found.filter(({ inside }) => inside.length === 0);
  const places = free.map(({ offset }) => hex(offset)).join(', ');
  const message =
    kind !== undefined
      ? `the image is in a ${kind} stream there: decompress that, put the image into it, and compress it again`
      : free.length > 0
        ? `there is no image there, but at ${places}`
        : found.length > 0
          ? 'there is no image there, but in compressed streams: `cramfs find` lists them'
          : 'there is no image in the file';
  return new CramfsError(kind === undefined ? 'BAD_MAGIC' : 'UNSUPPORTED', message, { offset: at });
}

/** Bytes that a larger image takes must be erased flash, or after the end of the file. */
function checkRoom(
  fd: number,
  { from, to, size }: { readonly from: number; readonly to: number; readonly size: number },
  grow: boolean,
): void {
  const more = to - from;
  const tooBig = (reason: string): CramfsError =>
    new CramfsError('TOO_BIG', `the new image has ${more} bytes more than the old one: ${reason}`, {
      offset: from,
    });
  if (!grow) throw tooBig('--grow takes the bytes after it, if they are empty');
  const taken = readAll(fd, from, Math.min(to, size) - from);
  const [first = 0xff] = taken;
  const isEmpty = (first === 0 || first === 0xff) && taken.every((byte) => byte === first);
  if (!isEmpty) throw tooBig('the bytes after it are not empty');
}

/** Updates the header of the uImage that the image is part of, if any. */
function repairHeader(
  fd: number,
  at: number,
  oldSize: number,
  newSize: number,
): string | undefined {
  const start = Math.max(0, at - HEADER_RANGE);
  const before = Buffer.from(readAll(fd, start, at - start));
  for (
    let found = before.lastIndexOf(UIMAGE_MAGIC);
    found >= 0;
    found = found === 0 ? -1 : before.lastIndexOf(UIMAGE_MAGIC, found - 1)
  ) {
    const bytes = before.subarray(found, found + UIMAGE_HEADER);
    const header = readUImageHeader(bytes);
    if (header === undefined) continue;
    const data = start + found + UIMAGE_HEADER;
    const end = data + header.size;
    if (end < at + oldSize) continue;
    // The image is at the end of the data, before and after.
    const size =
      end === at + oldSize ? at + newSize - data : Math.max(header.size, at + newSize - data);
    let dataCrc = 0;
    for (let done = 0; done < size; done += PIECE) {
      dataCrc = nodeZlib.crc32(readAll(fd, data + done, Math.min(PIECE, size - done)), dataCrc);
    }
    writeAll(fd, changedUImageHeader(bytes, { size, dataCrc }), data - UIMAGE_HEADER);
    return `the uImage header at ${hex(data - UIMAGE_HEADER)} says ${size} bytes now, with the right checksums`;
  }
  return undefined;
}

function readAll(fd: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, length));
  let done = 0;
  while (done < bytes.length) {
    const got = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (got === 0) break;
    done += got;
  }
  return bytes.subarray(0, done);
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
