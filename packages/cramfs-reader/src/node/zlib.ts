import { crc32 } from 'node:zlib';
import { portableZlib, type ZlibCodec } from '../zlib.js';

/** With Node's CRC, which is many times as fast. */
export const nodeZlib: ZlibCodec = { ...portableZlib, crc32 };
