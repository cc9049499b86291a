import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  directory,
  file,
  noise,
  special,
  symlink,
} from '../../../../../test/helpers/raw-image.js';
import { parseScenario } from '../parse.js';
import { runScenario, type ScenarioRecord } from '../run.js';
import { createWorld } from '../world.js';

const P = 4096;
const IMAGE = buildRawImage({
  d: directory({
    a: file(noise(100)),
    b: directory(),
    c: symlink('a'),
    e: special(0o020666, 0x103),
    f: special(0o060600, 0x1f00),
    g: special(0o010644),
    h: special(0o140644),
  }),
  f: file(noise(3 * P), { blocks: 'DDU' }),
}).bytes;

/** Records of the statements after `mount`, without where they stand. */
function run(scenario: string, mmu = true): Record<string, unknown>[] {
  const records = runScenario(parseScenario(scenario), createWorld(IMAGE, { mmu }));
  expect(records.at(-1)).toMatchObject({ op: 'scenario-end', kernel: 'ok', umount: 'ok' });
  return records.slice(1, -1).map(withoutPlace);
}

function withoutPlace(record: ScenarioRecord): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([key]) => !['n', 'p', 'op', 'cmd'].includes(key)),
  );
}

const ok = { ret: 'ok' };
const pos = (at: number): unknown => ({ ret: 'ok', pos: at });
const put = (bytes: number): unknown => ({ ret: 'ok', put: bytes });

describe('lseek, and read and write at the position', () => {
  test('data and holes of a tmpfs; a file of a cramfs is data; a punched hole', () => {
    expect(
      run(`mount overlay
        open 0 /up/new rw create
        write 0 0x3000 10 1
        lseek 0 0 data
        lseek 0 0x3000 hole
        lseek 0 -5 end
        lseek 0 2 cur
        lseek 0 -0x4000 cur
        lseek 0 0x300a data
        fallocate 0 0x3000 0x1000 punch_hole,keep_size
        lseek 0 0 data
        open 1 /rom/f r
        lseek 1 5000 data
        lseek 1 5000 hole
        lseek 2 0 set`),
    ).toEqual([
      { ret: 'ok', size: 0 },
      put(10),
      ...[pos(0x3000), pos(0x300a), pos(0x3005), pos(0x3007)],
      ...[{ ret: 'EINVAL' }, { ret: 'ENXIO' }, ok, { ret: 'ENXIO' }],
      { ret: 'ok', size: 3 * P },
      ...[pos(5000), pos(3 * P), { ret: 'EBADF' }],
    ]);
  });

  test('dup shares the position, append ignores it', () => {
    const records = run(`mount overlay
      open 0 /up/log w create,append
      write 0 - 5 1
      write 0 0 5 1
      open 1 /up/log r
      read 1 - 3
      dup 1 2
      lseek 2 0 cur
      close 1
      read 2 - 100
      read 2 - 100
      read 1 - 1
      dup 1 3
      dup 2 2
      lseek 2 0 cur
      read 0 0 1`);
    expect(
      records.map(({ ret, put: written, got, pos: at }) => written ?? got ?? at ?? ret),
    ).toEqual(['ok', 5, 5, 'ok', 3, 'ok', 3, 'ok', 7, 0, 'EBADF', 'EBADF', 'ok', 10, 'EBADF']);
  });
});

test('flags of open', () => {
  const records = run(`mount overlay
    open 0 d/a r directory
    open 0 d r directory
    open 0 d/c r nofollow
    open 0 d/g r
    open 0 d/g r nonblock
    open 0 d/g w nonblock
    open 0 d/a w excl,create
    open 0 /rom/d/a w
    open 0 /rom/d/e w
    open 0 d/h r`);
  expect(records.map(({ ret }) => ret)).toEqual([
    ...['ENOTDIR', 'ok', 'ELOOP', 'EAGAIN', 'ok', 'ENXIO', 'EEXIST', 'EROFS', 'ok', 'ENXIO'],
  ]);
});

describe('readdir', () => {
  test('cramfs: the order of the image, without . and ..; d_type of all kinds; in parts', () => {
    const records = run(`mount mtd
      open 0 d r
      readdir 0 2
      readdir 0
      readdir 0
      lseek 0 0 set
      readdir 0 1
      open 1 f r
      readdir 1
      stat d/e`);
    const names = ({ entries }: Record<string, unknown>): string[] =>
      (entries as { name: string; type: string }[]).map(({ name, type }) => `${name} ${type}`);
    expect(names(records[1]!)).toEqual(['a DT_REG', 'b DT_DIR']);
    expect(names(records[2]!)).toEqual([
      ...['c DT_LNK', 'e DT_CHR', 'f DT_BLK', 'g DT_FIFO', 'h DT_SOCK'],
    ]);
    expect(names(records[3]!)).toEqual([]);
    expect(names(records[5]!)).toEqual(['a DT_REG']);
    expect(records[7]).toEqual({ ret: 'ENOTDIR' });
  });

  test('tmpfs: the newest first; names removed meanwhile are skipped', () => {
    const records = run(`mount overlay
      mkdir /up/x
      mkdir /up/x/one
      mkdir /up/x/two
      symlink one /up/x/three
      open 0 /up/x r
      readdir 0 3
      rmdir /up/x/two
      readdir 0`);
    const [first, , rest] = records.slice(-3);
    expect(first!['entries']).toMatchObject([
      { name: '.', type: 'DT_DIR' },
      { name: '..', type: 'DT_DIR' },
      { name: 'three', type: 'DT_LNK' },
    ]);
    expect(rest!['entries']).toMatchObject([{ name: 'one', type: 'DT_DIR' }]);
  });
});

describe('clone and dedupe', () => {
  test('cowfs: files share blocks until somebody writes', () => {
    expect(
      run(`mount cowfs
        open 0 one rw create
        write 0 0 0x3000 1
        open 1 two rw create
        clone 0 1
        stat two
        write 1 0x1000 0x1000 2
        dedupe 0 1 0x1000 0x1000 0x1000
        clone 0 1 0x1000 0x1000 0x1000
        dedupe 0 1 0 0 0x3000
        dedupe 0 1 0 0x3000 0
        clone 0 1 0 100 0
        clone 1 1 0 0x1000 0x1000
        open 2 /rom/f r
        clone 2 1`).slice(3),
    ).toEqual([
      ok,
      { ret: 'ok', mode: '0100644', links: 1, size: 0x3000 },
      put(0x1000),
      { ret: 'ok', status: 'differs', bytesDeduped: 0 },
      ok,
      { ret: 'ok', status: 'same', bytesDeduped: 0 },
      { ret: 'ok', status: 'same', bytesDeduped: 0x3000 },
      { ret: 'EINVAL' },
      ok,
      { ret: 'ok', size: 3 * P },
      { ret: 'EXDEV' },
    ]);
  });

  test('where files share no blocks: EOPNOTSUPP', () => {
    const records = run(`mount overlay
      open 0 /up/one rw create
      open 1 /up/two rw create
      clone 0 1
      fallocate 0 0 0x1000
      fallocate 0 0 0x1000 keep_size
      fallocate 0 0 0x1000 punch_hole
      stat /up/one`);
    expect(records.slice(2, 6).map(({ ret }) => ret)).toEqual([
      'EOPNOTSUPP',
      'ok',
      'ok',
      'EOPNOTSUPP',
    ]);
    expect(records[6]).toMatchObject({ size: 0x1000 });
  });
});

describe('mremap', () => {
  test('its flags: to a place, and leaving the old one behind', () => {
    const records = run(`mount mtd
      mmap A - 0x2000 rw private,anon 0 0x40000000
      touch A 1 w
      mremap A 0x2000 maymove,fixed 0x50000000
      maps
      mremap A 0x2000 maymove,dontunmap
      touch A 1 r
      mremap A 0x1000 fixed 0x50000000
      mremap A 0x1000
      mremap A 0x3000 maymove,fixed 0x50000000
      touch A 0 r`);
    expect(records[2]).toEqual({ ret: 'ok', addr: '0x50000000' });
    expect(records[3]).toMatchObject({ vmas: [{ start: '0x50000000', end: '0x50002000' }] });
    expect(records.slice(4).map(({ ret, addr }) => addr ?? ret)).toEqual([
      ...['auto', 'ok', 'EINVAL', 'auto', '0x50000000', 'ok'],
    ]);
    expect(records[5]).toMatchObject({ val: (0xa5 + 31) & 255 });
  });

  test('without an MMU nothing moves', () => {
    const records = run(
      `mount mtd
      mmap A - 0x3000 rw private,anon 0
      mremap A 0x1000
      mremap A 0x3000
      mremap A 0x3000 maymove,fixed 0x50000000
      mremap A 0x9000 maymove`,
      false,
    );
    expect(records.map(({ ret }) => ret)).toEqual(['ok', 'ok', 'ok', 'EINVAL', 'ENOMEM']);
  });
});

describe('msync', () => {
  test('its flags, holes, and what is dirty afterwards', () => {
    const records = run(
      `mount tarfs a.tar
      open 0 f rw create
      write 0 0 0x2000 1
      mmap A 0 0x3000 rw shared 0 0x40000000
      touch A 0 w
      msync A 0 0x1000 async,sync
      msync A 1 0x1000
      msync A 0 0x1000 async
      maps
      msync A 0 0x1000
      maps
      msync A 0 0x3000 sync,invalidate
      munmap A 0x1000 0x1000
      msync A 0 0x3000`.replace('mount tarfs a.tar', 'mount cowfs'),
    );
    const dirty = ({ vmas }: Record<string, unknown>): unknown =>
      (vmas as { pd: number }[]).map(({ pd }) => pd);
    expect(records.slice(4, 7).map(({ ret }) => ret)).toEqual(['EINVAL', 'EINVAL', 'ok']);
    expect([dirty(records[7]!), records[8], dirty(records[9]!)]).toEqual([[4], ok, [0]]);
    expect(records.slice(10)).toEqual([ok, ok, { ret: 'ENOMEM' }]);
  });

  test('without an MMU there is none', () => {
    const records = run('mount mtd\nmmap A - 4096 rw private,anon 0\nmsync A 0 4096', false);
    expect(records[1]).toEqual({ ret: 'ENOSYS' });
  });
});
