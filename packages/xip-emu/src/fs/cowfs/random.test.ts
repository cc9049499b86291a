import { S_IFDIR } from 'cramfs-format';
import { openImage } from 'cramfs-reader';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mmOf, mountOverlay, romMachine } from '../../../../../test/helpers/emulator.js';
import { expectBytes } from '../../../../../test/helpers/expect-bytes.js';
import { kernelImage } from '../../../../../test/helpers/kernel-images.js';
import {
  randomPrograms,
  randomProgramsTimeout,
} from '../../../../../test/helpers/random-programs.js';
import { buildRawImage, file as rawFile, text } from '../../../../../test/helpers/raw-image.js';
import { AccessFault, SyscallError, invariant } from '../../errno.js';
import type { Machine } from '../../machine.js';
import { MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import { validateMm } from '../../mm/validate.js';
import type { PolicyName } from '../../policy.js';
import type { Process } from '../../process.js';
import { accountMachine } from '../../report/accounting.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';
import { OverlaySuperBlock } from '../overlay/super.js';
import { CowfsSuperBlock } from './super.js';

const P = PAGE_SIZE;
const BASE = 0x40000000;
/** Mappings have fixed places, this many pages apart. */
const SLOTS = 5;
const SLOT_PAGES = 8;
const FILES = ['a', 'b', 'c'];
const MAX_SIZE = 6 * P;
const ROM_FILE = 'direct-5p-sharedtail';
const basic = kernelImage('basic');

/** A cramfs with files of the same blocks in different order, and tails of different lengths. */
const cramfsContent = text(3 * P + 10);
const image = openImage(
  buildRawImage([
    ['r', rawFile(cramfsContent, { blocks: 'ZZZZ' })],
    [
      's',
      rawFile(cramfsContent, {
        blocks: [
          { kind: 'Z', sameAs: ['/r', 2] },
          { kind: 'Z', sameAs: ['/r', 2] },
          'Z',
          { kind: 'Z', sameAs: ['/r', 3] },
        ],
      }),
    ],
  ]).bytes,
);
const ROM_FILES = ['r', 's'];

const OPERATIONS = [
  ...['write', 'write', 'truncate', 'clone', 'clone', 'clone-range', 'replace'],
  ...['map', 'map', 'map', 'map-rom', 'unmap', 'dontneed', 'msync'],
  ...['load', 'load', 'load', 'store', 'store', 'store', 'read', 'fsync', 'sync', 'drop', 'fork'],
] as const;

interface Step {
  readonly op: (typeof OPERATIONS)[number];
  readonly file: number;
  readonly other: number;
  readonly slot: number;
  readonly page: number;
  readonly otherPage: number;
  readonly pages: number;
  readonly offset: number;
  readonly value: number;
  readonly shared: boolean;
  readonly child: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(...OPERATIONS),
  file: fc.nat(FILES.length - 1),
  other: fc.nat(FILES.length - 1),
  slot: fc.nat(SLOTS - 1),
  page: fc.nat(5),
  otherPage: fc.nat(5),
  pages: fc.integer({ min: 1, max: SLOT_PAGES }),
  offset: fc.constantFrom(0, 0, 1, 100, P - 1),
  value: fc.integer({ min: 1, max: 255 }),
  shared: fc.boolean(),
  child: fc.boolean(),
});

/** A file as the model has it: bytes, and nothing of blocks or pages. */
interface NaiveFile {
  bytes: Uint8Array;
}

/** A mapping: a window on a file, and the pages that a private one has copied. */
interface NaiveMap {
  readonly file: NaiveFile;
  readonly pgoff: number;
  readonly pages: number;
  readonly shared: boolean;
  readonly writable: boolean;
  readonly copies: Map<number, Uint8Array>;
}

type Access = number | 'SIGBUS' | 'SIGSEGV';

class NaiveProcess {
  readonly maps = new Map<number, NaiveMap>();

  fork(): NaiveProcess {
    const child = new NaiveProcess();
    for (const [slot, map] of this.maps) {
      const copies = new Map(
        Array.from(map.copies, ([page, bytes]): [number, Uint8Array] => [page, bytes.slice()]),
      );
      child.maps.set(slot, { ...map, copies });
    }
    return child;
  }
}

/** What every access must give, by a model that copies bytes and shares nothing. */
class NaiveWorld {
  readonly files = new Map<string, NaiveFile>();
  readonly processes = [new NaiveProcess()];

  constructor() {
    for (const name of FILES) this.files.set(name, { bytes: new Uint8Array() });
    for (const name of ROM_FILES) {
      this.files.set(name, { bytes: image.readFile(image.lookup(name)) });
    }
  }

  file(name: string): NaiveFile {
    return this.files.get(name)!;
  }

  resize(file: NaiveFile, size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(file.bytes.subarray(0, size));
    file.bytes = bytes;
    const gone = Math.ceil(size / PAGE_SIZE);
    for (const { maps } of this.processes) {
      for (const map of maps.values()) {
        if (map.file !== file) continue;
        for (const page of [...map.copies.keys()]) if (page >= gone) map.copies.delete(page);
      }
    }
  }

  write(file: NaiveFile, at: number, bytes: Uint8Array): void {
    if (at + bytes.length > file.bytes.length) this.resize(file, at + bytes.length);
    file.bytes.set(bytes, at);
  }

  /** The bytes of a page; undefined past the end of the file. */
  page(map: NaiveMap, index: number): Uint8Array | undefined {
    const copy = map.copies.get(index);
    if (copy !== undefined) return copy;
    if (index >= Math.ceil(map.file.bytes.length / PAGE_SIZE)) return undefined;
    const page = new Uint8Array(P);
    page.set(map.file.bytes.subarray(index * P, (index + 1) * P));
    return page;
  }

  load({ maps }: NaiveProcess, slot: number, page: number, offset: number): Access {
    const map = maps.get(slot);
    if (map === undefined || page >= map.pages) return 'SIGSEGV';
    return this.page(map, map.pgoff + page)?.[offset] ?? 'SIGBUS';
  }

  store({ maps }: NaiveProcess, slot: number, page: number, offset: number, value: number): Access {
    const map = maps.get(slot);
    if (map === undefined || page >= map.pages || !map.writable) return 'SIGSEGV';
    const index = map.pgoff + page;
    const bytes = this.page(map, index);
    if (bytes === undefined) return 'SIGBUS';
    if (map.shared) {
      map.file.bytes[index * P + offset] = value;
    } else {
      bytes[offset] = value;
      map.copies.set(index, bytes);
    }
    return value;
  }
}

/** A machine that does what the model does. */
class World {
  readonly machine: Machine;
  readonly cow: CowfsSuperBlock;
  readonly processes: Process[];
  readonly naive = new NaiveWorld();
  /** Where the files are, by name. */
  private readonly paths = new Map(FILES.map((name) => [name, `/cow/${name}`]));

  /**
   * @param layered /b and /c are in overlays: of a directory of the cowfs below another one, and of
   * cramfs in ROM below a tmpfs.
   */
  constructor(policy: PolicyName, layered = false) {
    this.machine = romMachine(basic, { policy });
    this.machine.mountCramfs('/disk', image);
    this.cow = this.machine.mount('/cow', new CowfsSuperBlock(this.machine.phys));
    this.processes = [this.machine.spawn()];
    if (layered) this.addLayers();
    for (const path of this.paths.values()) {
      this.parent.close(this.parent.open(path, { write: path.startsWith('/cow'), create: true }));
    }
  }

  private addLayers(): void {
    const { cow, machine, naive, paths, parent } = this;
    const [lower, upper] = ['low', 'up'].map((name) => cow.root.create(name, S_IFDIR | 0o755));
    const below = parent.open('/cow/low/b', { write: true, create: true });
    parent.pwrite(below, 0, cramfsContent);
    parent.close(below);
    machine.mount('/layers', new OverlaySuperBlock(lower!, upper));
    paths.set('b', '/layers/b');
    naive.file('b').bytes = cramfsContent.slice();
    mountOverlay(machine);
    paths.set('c', `/ovl/${ROM_FILE}`);
    naive.file('c').bytes = openImage(basic).readFile(openImage(basic).lookup(ROM_FILE));
  }

  private isPlain(name: string): boolean {
    return this.paths.get(name)!.startsWith('/cow/');
  }

  get parent(): Process {
    return this.processes[0]!;
  }

  perform(step: Step): void {
    const { naive } = this;
    const { op, slot, page, offset, value } = step;
    const number = step.child ? this.processes.length - 1 : 0;
    const process = this.processes[number]!;
    const model = naive.processes[number]!;
    const name = FILES[step.file]!;
    const path = this.paths.get(name)!;
    const file = naive.file(name);
    const address = BASE + slot * SLOT_PAGES * P;
    switch (op) {
      case 'write': {
        const at = page * P + offset;
        const bytes = text(Math.min(step.pages * 700, MAX_SIZE - at), value);
        this.withFile(path, (open) => {
          expect(process.pwrite(open, at, bytes)).toBe(bytes.length);
        });
        naive.write(file, at, bytes);
        return;
      }
      case 'truncate': {
        const size = page * P + offset;
        process.truncate(path, size);
        naive.resize(file, size);
        return;
      }
      case 'clone':
      case 'clone-range':
        this.clone(step);
        return;
      case 'replace':
        if (!this.isPlain(name)) return;
        process.unlink(path);
        process.close(process.open(path, { write: true, create: true }));
        naive.files.set(name, { bytes: new Uint8Array() });
        return;
      case 'map':
      case 'map-rom': {
        const rom = op === 'map-rom';
        const mapped = rom ? ROM_FILES[value % 2]! : name;
        const shared = step.shared && !rom;
        const writable = value % 3 !== 0;
        const write = shared && writable;
        const open = process.open(rom ? `/disk/${mapped}` : path, { write });
        const flags = MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE);
        const prot = PROT_READ | (writable ? PROT_WRITE : 0);
        const pgoff = page % 3;
        const place = { address, file: open, offset: pgoff * P };
        process.munmap(address, SLOT_PAGES * P);
        process.mmap(step.pages * P, prot, flags, place);
        process.close(open);
        const source = naive.file(mapped);
        const { pages } = step;
        model.maps.set(slot, { file: source, pgoff, pages, shared, writable, copies: new Map() });
        return;
      }
      case 'unmap':
        process.munmap(address, SLOT_PAGES * P);
        model.maps.delete(slot);
        return;
      case 'dontneed': {
        const map = model.maps.get(slot);
        if (map === undefined) return;
        process.madvise(address, map.pages * P, 'dontneed');
        map.copies.clear();
        return;
      }
      case 'msync': {
        const map = model.maps.get(slot);
        if (map !== undefined) process.msync(address, map.pages * P);
        return;
      }
      case 'load': {
        const expected = naive.load(model, slot, page, offset);
        expect(access(() => process.load(address + page * P + offset))).toBe(expected);
        return;
      }
      case 'store': {
        // The bytes after the end of a file are undefined here: they have a test of their own.
        const map = model.maps.get(slot);
        const at = map === undefined ? 0 : (map.pgoff + page) * P + offset;
        if (map?.shared === true && at % P !== 0 && at >= map.file.bytes.length) return;
        const expected = naive.store(model, slot, page, offset, value);
        const store = (): number => {
          process.store(address + page * P + offset, value);
          return value;
        };
        expect(access(store)).toBe(expected);
        return;
      }
      case 'read':
        expectBytes(this.read(path), file.bytes);
        return;
      case 'fsync':
        this.withFile(path, (open) => {
          process.fsync(open);
        });
        return;
      case 'sync':
        this.cow.sync();
        return;
      case 'drop':
        for (const { sb } of this.machine.mounts) sb.dropCaches();
        return;
      case 'fork':
        if (this.processes.length > 2) return;
        this.processes.push(this.machine.fork(process));
        naive.processes.push(model.fork());
    }
  }

  private clone({ op, file, other, page, otherPage, pages }: Step): void {
    const [from, to] = [FILES[file]!, FILES[other]!];
    if (!this.isPlain(from) || !this.isPlain(to)) return;
    const source = this.naive.file(from);
    const target = this.naive.file(to);
    const range =
      op === 'clone'
        ? {}
        : { sourceOffset: page * P, targetOffset: otherPage * P, length: pages * P };
    const open = this.parent.open(`/cow/${from}`);
    const writable = this.parent.open(`/cow/${to}`, { write: true });
    let done = true;
    try {
      this.parent.ficlone(open, writable, range);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      done = false;
    } finally {
      this.parent.close(open);
      this.parent.close(writable);
    }
    const start = range.sourceOffset ?? 0;
    const end = start + (range.length ?? source.bytes.length);
    const at = range.targetOffset ?? 0;
    const overlaps = file === other && at < end && start < at + (end - start) && end > start;
    const partial = end % P !== 0 && at + (end - start) < target.bytes.length;
    expect(done).toBe(end <= source.bytes.length && !overlaps && !partial);
    if (done && end > start) this.naive.write(target, at, source.bytes.slice(start, end));
  }

  private withFile(path: string, use: (open: ReturnType<Process['open']>) => void): void {
    const open = this.parent.open(path, { write: true });
    try {
      use(open);
    } finally {
      this.parent.close(open);
    }
  }

  private read(path: string): Uint8Array {
    const open = this.parent.open(path);
    const bytes = new Uint8Array(this.parent.fstat(open).size);
    expect(this.parent.pread(open, 0, bytes)).toBe(bytes.length);
    this.parent.close(open);
    return bytes;
  }

  check(): void {
    for (const process of this.processes) validateMm(mmOf(process));
    this.cow.validate();
    for (const { sb } of this.machine.mounts) sb.sharedPages?.validate();
  }

  /** Everything that can be read is what the model has; then nothing is left. */
  finish(): void {
    const readAll = (): void => {
      for (const [name, path] of this.paths) {
        expectBytes(this.read(path), this.naive.file(name).bytes);
      }
    };
    readAll();
    for (const process of this.processes) process.exit();
    this.cow.sync();
    for (const { sb } of this.machine.mounts) sb.dropCaches();
    // A tmpfs keeps its pages.
    const up = this.machine.mounts.at('/up')?.sb;
    let kept = 0;
    for (const { mapping } of up?.cachedInodes() ?? []) kept += mapping?.pages ?? 0;
    expect(this.machine.phys.used).toBe(kept);
    readAll();
    this.check();
  }
}

function access(attempt: () => number): Access {
  try {
    return attempt();
  } catch (error) {
    invariant(error instanceof AccessFault, String(error));
    return error.signal;
  }
}

const QUICK = 150;

test(
  'random programs on overlays whose maps follow a copy-up: bytes of a naive model',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World('linux-6.12-shared-page-cache', true);
        for (const next of steps) {
          world.perform(next);
          world.check();
        }
        world.finish();
      }),
      { numRuns: randomPrograms(QUICK) },
    );
  },
  randomProgramsTimeout(QUICK),
);

describe('random programs on cowfs and cramfs', () => {
  test(
    'bytes of a naive model, with sharing and without; sharing never takes more RAM',
    () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const worlds = [
            new World('linux-6.12'),
            new World('linux-6.12-shared-page-cache'),
          ] as const;
          for (const next of steps) {
            for (const world of worlds) {
              world.perform(next);
              world.check();
            }
            const [off, on] = worlds.map(({ machine }) => accountMachine(machine));
            expect(on!.ramBytes).toBeLessThanOrEqual(off!.ramBytes);
            expect(off!.sharingSavedBytes).toBe(0);
          }
          for (const world of worlds) world.finish();
        }),
        { numRuns: randomPrograms(QUICK) },
      );
    },
    randomProgramsTimeout(QUICK),
  );
});
