import * as format from 'cramfs-format';
import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_GID_WIDTH,
  CRAMFS_MAGIC,
  CRAMFS_MAXPATHLEN,
  CRAMFS_MAX_FILE_SIZE,
  CRAMFS_OFFSET_LIMIT,
  CRAMFS_PAD_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_CRC_OFFSET,
  CRAMFS_SUPER_ROOT_OFFSET,
  CRAMFS_SUPER_SIZE,
  CRAMFS_SUPPORTED_FLAGS,
  CRAMFS_UID_WIDTH,
  SUPERBLOCK,
  INODE_WORDS,
  decodeBlockPointer,
  decodeInode,
  decodeSuperblock,
  encodeInode,
  encodeSuperblock,
  type Endianness,
} from 'cramfs-format';
import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { bitRuler } from './bit-ruler.js';
import { readDocument, section, table } from './markdown.js';

const DOCUMENT = readDocument('format.md');

describe('superblock', () => {
  const rows = table(section(DOCUMENT, 'Superblock')).map((row) => ({
    field: row['field']!,
    offset: Number(row['offset']),
    size: Number(row['size']),
    content: row['content']!,
  }));

  test('the fields follow one another without a gap', () => {
    let end = 0;
    for (const { offset, size } of rows) {
      expect(offset).toBe(end);
      end += size;
    }
    expect(end).toBe(CRAMFS_SUPER_SIZE);
  });

  test('the fields are those of the table that the code has', () => {
    expect(rows.map(({ field, offset, size }) => ({ field, offset, size }))).toEqual(
      Object.entries(SUPERBLOCK.kinds).map(([field, { size }]) => {
        return { field, offset: SUPERBLOCK.at[field as keyof typeof SUPERBLOCK.at], size };
      }),
    );
  });

  test('every number is decoded from the offset in the table', () => {
    for (const endianness of ['little', 'big'] as const) {
      for (const { field, offset, size } of rows.filter((row) => row.size === 4)) {
        if (field === 'magic') continue;
        const view = new DataView(new ArrayBuffer(CRAMFS_SUPER_SIZE));
        view.setUint32(offset, 0x12345678, endianness === 'little');
        expect(size).toBe(4);
        expect(decodeSuperblock(view, 0, endianness)).toMatchObject({ [field]: 0x12345678 });
      }
    }
  });

  test('so is every text', () => {
    const texts = rows.filter(({ size }) => size === 16);
    expect(texts.map(({ field }) => field)).toEqual(['signature', 'name']);
    for (const { field, offset } of texts) {
      const bytes = new Uint8Array(CRAMFS_SUPER_SIZE).fill(0x2e);
      bytes.set(new TextEncoder().encode('0123456789abcdef'), offset);
      const decoded = decodeSuperblock(new DataView(bytes.buffer), 0, 'little');
      expect(decoded).toMatchObject({ [field]: '0123456789abcdef' });
    }
  });

  test('places and values that have a constant', () => {
    const row = (name: string) => rows.find(({ field }) => field === name)!;
    expect(row('crc').offset).toBe(CRAMFS_SUPER_CRC_OFFSET);
    expect(row('root').offset).toBe(CRAMFS_SUPER_ROOT_OFFSET);
    expect(row('magic').content).toContain(`0x${CRAMFS_MAGIC.toString(16)}`);
    expect(row('signature').content).toContain(CRAMFS_SIGNATURE);
    expect(section(DOCUMENT, 'Superblock')).toContain(`at byte ${CRAMFS_PAD_SIZE}`);
  });

  test('the bytes of the magic', () => {
    const stored = /`([\da-f ]+)` in a little-endian image, `([\da-f ]+)` in a big/.exec(DOCUMENT)!;
    const written = (['little', 'big'] as const).map((endianness) => {
      const bytes = new Uint8Array(CRAMFS_SUPER_SIZE);
      const empty = decodeSuperblock(new DataView(bytes.buffer), 0, endianness);
      encodeSuperblock(new DataView(bytes.buffer), 0, empty, endianness);
      return hex(bytes.subarray(0, 4));
    });
    expect(written).toEqual([stored[1], stored[2]]);
  });
});

describe('flags', () => {
  const rows = table(section(DOCUMENT, 'Flags'));

  test('are the exported ones', () => {
    const exported = Object.entries(format).filter(([name]) => name.startsWith('CRAMFS_FLAG_'));
    const documented = rows.map((row) => [row['name'], Number(row['value'])]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(exported));
  });

  test('what Linux supports', () => {
    expect(section(DOCUMENT, 'Flags')).toContain(`0x${CRAMFS_SUPPORTED_FLAGS.toString(16)}`);
  });
});

describe('inodes', () => {
  const text = section(DOCUMENT, 'Inodes');

  test('the table has the bit-fields in their order', () => {
    const documented = table(text).map((row) => [
      Number(row['word']),
      row['field'],
      Number(row['bits']),
    ]);
    expect(documented).toEqual(
      INODE_WORDS.flatMap((fields, word) => fields.map(([name, width]) => [word, name, width])),
    );
  });

  test.each(['little', 'big'] as const)('the rulers of %s-endian words', (endianness) => {
    const rulers = INODE_WORDS.map((fields) => bitRuler(fields, endianness)).join('\n\n');
    expect(text).toContain(rulers);
  });

  test('the example', () => {
    const inode = {
      mode: 0o100644,
      uid: 0x1234,
      gid: 0x7f,
      size: 0x0abcde,
      namelen: 20 / 4,
      offset: 0x8d159e0 / 4,
    };
    for (const endianness of ['little', 'big'] as const) {
      const line = new RegExp(`^${endianness}-endian +([\\da-f ]+)$`, 'm').exec(text)!;
      const bytes = Uint8Array.from(line[1]!.match(/[\da-f]{2}/g)!, (byte) => parseInt(byte, 16));
      expect(decodeInode(new DataView(bytes.buffer), 0, endianness)).toEqual(inode);
    }
  });
});

describe('block pointers', () => {
  test('the table of the two flags', () => {
    for (const { U, D, 'block starts': starts } of table(section(DOCUMENT, 'Block pointers'))) {
      const raw = Number(U) * 2 ** 31 + Number(D) * 2 ** 30 + 0x1234;
      const pointer = decodeBlockPointer(raw);
      expect(pointer.uncompressed).toBe(U === '1');
      expect(pointer.kind).toBe(D === '1' ? 'direct' : 'end');
      expect(pointer.kind === 'direct' ? pointer.start : pointer.end).toBe(
        starts!.startsWith('at value * 4') ? 0x1234 * 4 : 0x1234,
      );
    }
  });

  const example = section(DOCUMENT, 'Example');
  const rows = table(example).map((row) => ({
    raw: Number(row['pointer']),
    kind: row['kind']!,
    start: Number(row['start']),
    length: Number(row['length']),
  }));

  test('the example is decoded to what the table says', () => {
    const image = exampleImage(rows.map(({ raw }) => raw));
    const blocks = image.blocks(image.lookup('/f'));
    expect(
      blocks.map(({ raw, kind, direct, start, length }) => ({
        raw,
        kind: direct ? `${kind}, direct` : kind,
        start,
        length,
      })),
    ).toEqual(rows);
  });

  test('the bytes of the example are those pointers', () => {
    const bytes = /^ 0x1000 +([\da-f ]+)$/m.exec(example)![1]!.match(/[\da-f]{2}/g)!;
    const view = new DataView(Uint8Array.from(bytes, (byte) => parseInt(byte, 16)).buffer);
    expect(rows.map((_, index) => view.getUint32(4 * index, true))).toEqual(
      rows.map(({ raw }) => raw),
    );
  });
});

describe('limits', () => {
  test.each([
    ['file, symlink or directory', CRAMFS_MAX_FILE_SIZE],
    ['name', CRAMFS_MAXPATHLEN],
    ['uid', 2 ** CRAMFS_UID_WIDTH - 1],
    ['gid', 2 ** CRAMFS_GID_WIDTH - 1],
    ['start of a pointer table or a directory', CRAMFS_OFFSET_LIMIT - 4],
  ])('%s', (what, limit) => {
    const row = table(section(DOCUMENT, 'Limits')).find((cells) => cells['what'] === what);
    expect(parseInt(row!['limit']!, 10)).toBe(limit);
  });

  test('block sizes', () => {
    const sizes = section(DOCUMENT, 'Block size')
      .match(/\d{4,5}/g)!
      .map(Number);
    expect([...new Set(sizes)]).toEqual([...format.CRAMFS_BLOCK_SIZES]);
  });
});

/** The image of the document's example: one file `f` of 26000 bytes, whose data is all zeros. */
function exampleImage(pointers: readonly number[]) {
  const endianness: Endianness = 'little';
  const bytes = new Uint8Array(0x8000);
  const view = new DataView(bytes.buffer);
  const common = { uid: 0, gid: 0 };
  encodeSuperblock(
    view,
    0,
    {
      size: bytes.length,
      flags: CRAMFS_FLAG_FSID_VERSION_2 | CRAMFS_FLAG_EXT_BLOCK_POINTERS,
      ...{ future: 0, signature: CRAMFS_SIGNATURE, crc: 0, edition: 0 },
      ...{ blocks: 8, files: 2, name: 'example' },
      root: { ...common, mode: 0o40755, size: 16, namelen: 0, offset: CRAMFS_SUPER_SIZE / 4 },
    },
    endianness,
  );
  encodeInode(
    view,
    CRAMFS_SUPER_SIZE,
    { ...common, mode: 0o100644, size: 26000, namelen: 1, offset: 0x1000 / 4 },
    endianness,
  );
  bytes[CRAMFS_SUPER_SIZE + 12] = 'f'.charCodeAt(0);
  pointers.forEach((raw, index) => {
    view.setUint32(0x1000 + 4 * index, raw, true);
  });
  view.setUint16(0x6000, 768, true);
  return openImage(bytes, { blockSize: 4096 });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
