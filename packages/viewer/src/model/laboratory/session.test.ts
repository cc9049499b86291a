import fc from 'fast-check';
import { openImage } from 'cramfs-reader';
import { createWorld, parseScenario, runScenario, type ScenarioRecord } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { kernelImage } from '../../../../../test/helpers/kernel-images.js';
import { recordedScenarios } from '../../../../../test/helpers/kernel-records.js';
import type { LabOptions } from './options.js';
import { exportScenario, importScenario } from './scenario-text.js';
import { LabSession } from './session.js';
import { labState, type LabState } from './snapshot.js';

const image = openImage(kernelImage('basic'));
const MMU: LabOptions = {
  mmu: true,
  policy: 'linux-6.12',
  arch: 'riscv64',
  pageSize: 4096,
  physAddr: 0x22000000,
};
const NOMMU: LabOptions = { ...MMU, mmu: false };

function sessionOf(lines: readonly string[], options = MMU): LabSession {
  const session = new LabSession(image, options);
  for (const line of lines) session.perform(line);
  return session;
}

/** Records without the numbers of their lines. */
function withoutLines(records: readonly ScenarioRecord[]): ScenarioRecord[] {
  return records.map((record) => {
    const { n, first, second, ...rest } = record;
    if (record['op'] !== 'diagnosis') return typeof n === 'number' ? rest : record;
    const operations = [first, second].map((each) => String(each).replace(/^line \d+/, 'line'));
    return { ...rest, operations };
  });
}

const TAIL = [
  'mount mtd',
  'open 0 direct-5p-sharedtail r',
  'mmap a 0 0x5000 r private 0 0x40000000',
  'touch a 4 r',
  'touch a 0 w',
];

describe('the log', () => {
  test('gives the result of each line, and the machine’s events', () => {
    const session = sessionOf(TAIL);
    expect(session.entries.map(({ outcome, result }) => [outcome, ...result])).toEqual([
      ['ok', 'ok'],
      ['ok', 'ok size=16484'],
      ['ok', 'ok addr=0x40000000'],
      ['ok', 'ok val=243'],
      ['signal', 'SIGSEGV code=ACCERR'],
    ]);
    expect(session.entries[2]!.events).toMatchObject([
      { type: 'mmap', path: '/rom/direct-5p-sharedtail', romPages: 4, lastPageShared: true },
    ]);
    expect(session.entries[3]!.events.map(({ type }) => type)).toEqual(['read-folio', 'fault']);
    session.halt();
  });

  test('lines that cannot be performed are refused by name, and change nothing', () => {
    const session = sessionOf([
      'touch a 0 r',
      ...TAIL,
      'frobnicate',
      'mount tarfs root.tar',
      'end',
      'touch b 0 r',
      'open 9 nowhere r',
      'maps',
    ]);
    const told = session.entries.map(({ outcome, result }) => `${outcome}: ${result.join()}`);
    expect(told[0]).toBe('refused: the first operation is not a mount');
    expect(told.slice(6, 11)).toEqual([
      'refused: no such operation: frobnicate',
      'errno: EBUSY',
      'refused: end without fork',
      'skipped: no-such-id',
      'errno: ENOENT',
    ]);
    expect(told[11]).toContain('0x40000000-0x40005000 perms=r--p');
    expect(session.performed).toHaveLength(session.entries.length - 3);
    session.halt();
  });

  test('a page has no archives', () => {
    const session = sessionOf(['mount tarfs root.tar', 'mount mtd']);
    expect(session.entries[0]).toMatchObject({
      outcome: 'refused',
      result: ['the archive root.tar is not here: the page has the image alone'],
    });
    expect(session.entries[1]).toMatchObject({ outcome: 'ok' });
    session.halt();
  });

  test('a request without enough memory is refused, and changes nothing', () => {
    const session = sessionOf(['mount overlay', 'open 0 /up/f rw create', 'write 0 0 10 1']);
    const before = labState(session);
    session.perform('write 0 0 0xffffffffffff 1');
    expect(session.entries.at(-1)).toMatchObject({ outcome: 'refused' });
    expect({ ...labState(session), log: [] }).toEqual({ ...before, log: [] });
    session.halt();
  });

  test('without an MMU a kernel that corrupts itself stops there', () => {
    const session = sessionOf(
      [
        'mount mtd',
        'open 0 direct-5p-sharedtail r',
        'mmap a 0 0x5000 r private 0',
        'mmap b 0 0x3000 r private 0',
        'mmap c 0 0x5000 r private 0',
        'maps',
      ],
      NOMMU,
    );
    const outcomes = session.entries.map(({ outcome }) => outcome);
    expect(outcomes).toContain('diagnosis');
    expect(outcomes.at(-1)).toBe('skipped');
    expect(labState(session)).toMatchObject({ over: true, picture: undefined });
    session.halt();
  });

  test('a store to ROM without an MMU is not modelled: the machine is as before', () => {
    const session = sessionOf(['mount mtd', 'open 0 direct-5p-sharedtail r'], NOMMU);
    session.perform('mmap a 0 0x5000 r private 0');
    const before = labState(session);
    session.perform('touch a 0 w');
    expect(session.entries.at(-1)).toMatchObject({ outcome: 'skipped', result: ['skip-rom'] });
    expect({ ...labState(session), log: [] }).toEqual({ ...before, log: [] });
    session.halt();
  });
});

describe('the picture', () => {
  test('links each page with its block in the image and its frame', () => {
    const session = sessionOf(TAIL);
    const { picture, totals } = labState(session);
    expect(picture).toMatchObject({ id: 'a', total: 5, first: 0, moreRam: 0 });
    expect(picture!.pages[0]).toEqual({
      page: 0,
      address: 0x40000000,
      area: 'r--p',
      fileIndex: 0,
      beyond: false,
      block: { kind: 'uncompressed', start: 0x12000, length: 4096 },
      backing: 'rom',
      physical: 0x22012000,
      entry: { permissions: 'r--', dirty: false, young: true, special: true, mapCount: 0 },
    });
    expect(picture!.pages[4]).toMatchObject({
      fileIndex: 4,
      backing: 'page-cache',
      physical: 0x80001000,
    });
    expect(picture!.rom.map(({ holds, aligned }) => [...holds, aligned])).toEqual([
      ...[0, 1, 2, 3, 4].map((page) => [page, true]),
    ]);
    expect(picture!.ram).toEqual([
      {
        physical: 0x80001000,
        holds: 'page-cache',
        fileIndex: 4,
        dirty: false,
        users: 1,
        own: true,
      },
    ]);
    expect(totals).toEqual({
      ramBytes: 4096,
      cacheBytes: 4096,
      anonymousBytes: 0,
      romBytes: 16384,
      savedBytes: 16384,
      pageTables: 1,
    });
    session.halt();
  });

  test('an area that is direct as a whole shows pages of the file, also after a part is unmapped', () => {
    const session = sessionOf([
      'mount mtd',
      'open 0 direct-7p-zerotail r',
      'mmap a 0 0x5000 rx private 2 0x40000000',
      'munmap a 0x1000 0x1000',
    ]);
    const { picture, areas } = labState(session);
    expect(picture!.pages.map(({ fileIndex }) => fileIndex)).toEqual([2, undefined, 4, 5, 6]);
    expect(areas.filter(({ name }) => name.startsWith('/rom'))).toMatchObject([
      { ids: ['a'], permissions: 'r-xp' },
      { ids: [], permissions: 'r-xp' },
    ]);
    session.halt();
  });

  test('a part of a long mapping; another mapping; one that is gone', () => {
    const lines = [
      'mount mtd',
      'mmap a - 0x100000 rw private,anon 0',
      'mmap b - 4096 r private,anon 0',
    ];
    const session = sessionOf([...lines, 'touch a 250 w']);
    expect(labState(session).picture).toMatchObject({ id: 'b', total: 1 });
    const { picture } = labState(session, { id: 'a', page: 200 });
    expect(picture).toMatchObject({ id: 'a', total: 256, first: 200 });
    expect(picture!.pages).toHaveLength(56);
    expect(picture!.pages[50]).toMatchObject({
      page: 250,
      backing: 'anonymous',
      fileIndex: undefined,
    });
    expect(labState(session, { id: 'a', page: 1000 }).picture).toMatchObject({ first: 255 });
    session.perform('munmap b 0 4096');
    const { picture: left, mappings } = labState(session);
    expect(left).toMatchObject({ id: 'a' });
    expect(mappings).toMatchObject([
      { id: 'a', gone: false },
      { id: 'b', gone: true },
    ]);
    session.halt();
  });

  test('a damaged pointer: a block without end takes no more frames than Linux reads', () => {
    const bytes = kernelImage('basic').slice();
    const { dataOffset } = openImage(bytes).lookup('/gap-6p');
    new DataView(bytes.buffer).setUint32(dataOffset, 0x3fffffff, true);
    const session = new LabSession(openImage(bytes), MMU);
    for (const each of [
      'mount mtd',
      'open 0 gap-6p r',
      'mmap a 0 0x6000 r private 0',
      'touch a 0 r',
    ]) {
      session.perform(each);
    }
    expect(labState(session).picture!.rom.length).toBeLessThan(20);
    session.halt();
  });

  test('overlay, FUSE and block devices; a child has its own page table', () => {
    for (const kind of ['overlay', 'fuse', 'block', 'fuse-cached']) {
      const session = sessionOf([
        `mount ${kind}`,
        'open 0 direct-5p-sharedtail r',
        'mmap a 0 0x5000 rw private 0 0x40000000',
        'touch a 1 w',
        'fork',
        'touch a 1 w',
      ]);
      const state = labState(session);
      expect(state).toMatchObject({ processes: [0, 1], current: 1, mounted: true });
      expect(state.picture!.pages[1]).toMatchObject({ backing: 'anonymous' });
      session.perform('switch 0');
      expect(labState(session).current).toBe(0);
      session.halt();
    }
  });

  test('a kernel with larger pages, and one that does not mount the image', () => {
    const large = sessionOf(TAIL.slice(0, 3), { ...MMU, arch: 'arm64', pageSize: 16384 });
    expect(labState(large).picture).toMatchObject({ total: 2 });
    large.halt();
    const big = sessionOf(TAIL, { ...MMU, arch: 'armeb' });
    expect(big.entries[0]).toMatchObject({
      outcome: 'refused',
      result: ['EINVAL: wrong endianness'],
    });
    expect(labState(big)).toMatchObject({ mounted: false, areas: [] });
    big.halt();
  });
});

describe('scenarios', () => {
  test.each([
    ['mmu-basic', MMU],
    ['v3-mmu-split', { ...MMU, policy: 'linux-6.12-v3-vmasplit' }],
    ['nommu-basic', NOMMU],
  ] as const)(
    'every one of %s is stepped through to the records of runScenario()',
    (set, options) => {
      for (const { name, scenario } of recordedScenarios(set)) {
        const { lines } = importScenario(scenario);
        const session = sessionOf(lines, options);
        const whole = runScenario(parseScenario(scenario), createWorld(image, options));
        const expected = withoutLines(whole).filter(({ op }) => op !== 'scenario-end');
        expect([name, withoutLines(session.records)]).toEqual([name, expected]);
        labState(session);
        session.halt();
      }
    },
  );

  test('an export can be read, and says for which kernel it is', () => {
    const options: LabOptions = {
      mmu: false,
      policy: 'linux-6.12-v3-vmasplit',
      arch: 'arm',
      pageSize: 8192,
      physAddr: 0x60000000,
    };
    const text = exportScenario(options, ['mount mtd', 'fork', 'fork', 'end', 'maps']);
    expect(text).toBe(`# A session of the mapping laboratory of cramfs view.
# cramfs run IMAGE FILE --mode nommu --policy linux-6.12-v3-vmasplit --arch arm --block-size 8192 --phys 0x60000000 --format table
mount mtd
fork
fork
end
maps
end
`);
    expect(importScenario(text)).toEqual({
      options,
      lines: ['mount mtd', 'fork', 'fork', 'end', 'maps', 'end'],
    });
    expect(importScenario('# nothing\r\n\r\n  maps # all\r\n')).toEqual({
      options: undefined,
      lines: ['maps'],
    });
  });
});

/** Lines as a user may click them, including some that fail. */
const line = fc.oneof(
  fc.constantFrom('fork', 'end', 'maps', 'pages *', 'switch 0', 'switch 1', 'sync', 'nonsense'),
  fc
    .tuple(
      fc.constantFrom('a', 'b'),
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom('r', 'w', 'x'),
    )
    .map(([id, page, access]) => `touch ${id} ${page} ${access}`),
  fc
    .tuple(
      fc.constantFrom('a', 'b'),
      fc.constantFrom('0', '1', '-'),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom('r', 'rw', 'rx', '-'),
      fc.constantFrom('private', 'shared', 'private,populate'),
      fc.constantFrom('0x40000000', '0x40100000', ''),
    )
    .map(
      ([id, fd, pages, prot, flags, at]) =>
        `mmap ${id} ${fd} ${pages * 4096} ${prot} ${fd === '-' ? `${flags},anon` : flags} 0 ${at}`,
    ),
  fc
    .tuple(
      fc.constantFrom('munmap', 'mprotect', 'madvise', 'msync'),
      fc.constantFrom('a', 'b'),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([word, id, from, pages]) => {
      const last = word === 'mprotect' ? ' rw' : word === 'madvise' ? ' dontneed' : '';
      return `${word} ${id} ${from * 4096} ${pages * 4096}${last}`;
    }),
  fc.constantFrom('mremap a 0x2000 maymove', 'read 0 0 0x5000', 'close 1', 'exec bin/p'),
);
/**
 * Without an MMU the second mapping is a BUG() of the kernel: the lines after it are not performed.
 */
const AFTER_CORRUPTION = [
  'mmap a 0 4096 r private 0 0x40000000',
  'mmap a 0 4096 r private 0 0x40000000',
  'end',
];
const START = ['mount mtd', 'open 0 direct-5p-sharedtail r', 'open 1 gap-6p r'];

test.each([
  ['with an MMU', MMU],
  ['without', NOMMU],
])('%s: undo is a replay, and an export gives the same records', (_, options) => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 14 }), fc.nat(), (more, cut) => {
      const lines = [...START, ...more];
      const kept = lines.slice(0, cut % (lines.length + 1));
      const states: LabState[] = [];
      const session = new LabSession(image, options);
      for (const each of lines) {
        session.perform(each);
        states.push(labState(session));
      }
      const replayed = sessionOf(kept, options);
      if (kept.length > 0) expect(labState(replayed)).toEqual(states[kept.length - 1]);
      replayed.halt();

      const text = exportScenario(options, session.performed);
      const records = withoutLines(session.records);
      session.halt();
      const exported = withoutLines(runScenario(parseScenario(text), createWorld(image, options)));
      expect(exported.slice(0, records.length)).toEqual(records);
    }),
    { numRuns: 60, examples: [[AFTER_CORRUPTION, 0]] },
  );
});
