import fc from 'fast-check';
import { readTarIndex } from 'cramfs-archive';
import { expect, test } from 'vitest';
import { mmOf } from '../../../../../test/helpers/emulator.js';
import {
  randomPrograms,
  randomProgramsTimeout,
} from '../../../../../test/helpers/random-programs.js';
import { tarArchive, tarItem } from '../../../../../test/helpers/tar-builder.js';
import { readAll, tarfsWorld, type TarfsWorld } from '../../../../../test/helpers/tarfs.js';
import { AccessFault } from '../../errno.js';
import { MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import { validateMm } from '../../mm/validate.js';
import type { Process } from '../../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';

const P = PAGE_SIZE;
const QUICK = 60;
const BASE = 0x40000000;
/** Maps have fixed places, this many pages apart. */
const SLOTS = 3;
const SLOT_PAGES = 6;
const MAX_SIZE = 5 * P;
const NAMES = ['a', 'b', 'c', 'd'];

const CONTENT = Uint8Array.from({ length: 2 * P + 100 }, (_, at) => (at * 7 + (at >> 8)) & 255);
const archive = tarArchive(
  tarItem({ name: 'first', data: 'not touched' }),
  tarItem({ name: 'a', data: CONTENT }),
  tarItem({ name: 'middle', data: 'not touched, either', mode: 0o600 }),
  tarItem({ name: 'b', data: CONTENT.subarray(0, 700) }),
  tarItem({ name: 'c', typeflag: '1', linkname: 'a' }),
  tarItem({ name: 'last', typeflag: '2', linkname: 'first' }),
);
const UNTOUCHED = ['first', 'middle', 'last'];

const OPERATIONS = [
  ...['write', 'write', 'write', 'truncate', 'truncate', 'read', 'read', 'create', 'unlink'],
  ...['link', 'rename', 'map', 'map', 'map', 'map', 'unmap', 'unmap', 'load', 'load', 'load'],
  ...['store', 'store', 'store', 'store', 'msync', 'fsync', 'sync', 'drop', 'fork', 'exit'],
] as const;

interface Step {
  readonly op: (typeof OPERATIONS)[number];
  readonly process: number;
  readonly name: string;
  readonly other: string;
  readonly slot: number;
  readonly page: number;
  readonly position: number;
  readonly length: number;
  readonly shared: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(...OPERATIONS),
  process: fc.nat(2),
  name: fc.constantFrom(...NAMES),
  other: fc.constantFrom(...NAMES),
  slot: fc.nat(SLOTS - 1),
  page: fc.oneof(fc.nat(2), fc.nat(SLOT_PAGES - 1)),
  position: fc.oneof(
    fc.nat(MAX_SIZE),
    fc.constantFrom(0, P - 1, P, 2 * P, 2 * P + 100, 3 * P, 4 * P - 1),
  ),
  length: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 * P })),
  shared: fc.boolean(),
});

/** What a file holds, to a model that knows bytes and nothing else. */
class NaiveFile {
  size: number;
  /** Whole pages; past the end of the file what was stored there through a shared map. */
  readonly bytes = new Uint8Array(MAX_SIZE + 4 * P);

  constructor(content: Uint8Array) {
    this.size = content.length;
    this.bytes.set(content);
  }

  get content(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }

  /** What follows the end is lost: in a write to the archive, or when the file grows. */
  loseRest(): void {
    this.bytes.fill(0, this.size);
  }

  setSize(size: number): void {
    if (size > this.size) this.loseRest();
    this.bytes.fill(0, Math.min(size, this.size));
    this.size = size;
  }

  write(position: number, from: Uint8Array): void {
    if (position > this.size) this.setSize(position);
    this.bytes.set(from, position);
    this.size = Math.max(this.size, position + from.length);
  }
}

interface NaiveMap {
  readonly file: NaiveFile;
  readonly shared: boolean;
  /** By page of the file. */
  readonly copies: Map<number, Uint8Array>;
}

/** A process, and its maps by slot. */
interface NaiveProcess {
  readonly process: Process;
  readonly maps: Map<number, NaiveMap>;
}

class Model {
  readonly world: TarfsWorld;
  readonly processes: NaiveProcess[] = [];
  readonly names = new Map<string, NaiveFile>();
  private counter = 0;

  constructor() {
    this.world = tarfsWorld(archive, { faultAround: P });
    this.processes.push({ process: this.world.process, maps: new Map() });
    const a = new NaiveFile(CONTENT);
    this.names.set('a', a);
    this.names.set('b', new NaiveFile(CONTENT.subarray(0, 700)));
    this.names.set('c', a);
  }

  perform(next: Step): void {
    const naive = this.processes[next.process % this.processes.length]!;
    const { process } = naive;
    const { op, name } = next;
    const file = this.names.get(name);
    switch (op) {
      case 'create':
        if (file === undefined) {
          process.close(process.open(name, { create: true, exclusive: true }));
          this.names.set(name, new NaiveFile(new Uint8Array(0)));
        } else {
          process.close(process.open(name, { create: true, truncate: true }));
          this.setSize(file, 0);
        }
        return;
      case 'sync':
        this.world.machine.sync();
        for (const each of this.files()) each.loseRest();
        return;
      case 'drop':
        this.world.tarfs.dropCaches();
        return;
      case 'fork':
        if (this.processes.length < 3) this.fork(naive);
        return;
      case 'exit':
        if (this.processes.length > 1) this.exit(naive);
        return;
      case 'unmap':
        this.unmap(naive, next.slot);
        return;
      case 'load':
        this.load(naive, next);
        return;
      case 'store':
        this.store(naive, next);
        return;
      case 'msync': {
        const map = naive.maps.get(next.slot);
        if (map === undefined) return;
        process.msync(BASE + next.slot * SLOT_PAGES * P, SLOT_PAGES * P);
        if (map.shared) map.file.loseRest();
        return;
      }
      case 'write':
      case 'truncate':
      case 'read':
      case 'fsync':
      case 'unlink':
      case 'link':
      case 'rename':
      case 'map':
        if (file !== undefined) this.performOnFile(naive, op, next, file);
    }
  }

  private performOnFile(
    naive: NaiveProcess,
    op: 'write' | 'truncate' | 'read' | 'fsync' | 'unlink' | 'link' | 'rename' | 'map',
    next: Step,
    file: NaiveFile,
  ): void {
    const { process } = naive;
    const { name, other } = next;
    switch (op) {
      case 'write':
        this.write(process, next, file);
        return;
      case 'truncate':
        process.truncate(name, next.position);
        this.setSize(file, next.position);
        return;
      case 'read':
        expect(Buffer.compare(readAll(process, name), file.content)).toBe(0);
        return;
      case 'fsync': {
        const open = process.open(name);
        process.fsync(open);
        process.close(open);
        file.loseRest();
        return;
      }
      case 'unlink':
        process.unlink(name);
        this.names.delete(name);
        return;
      case 'link':
        if (this.names.has(other)) return;
        process.link(name, other);
        this.names.set(other, file);
        return;
      case 'rename':
        process.rename(name, other);
        if (this.names.get(other) === file) return;
        this.names.delete(name);
        this.names.set(other, file);
        return;
      case 'map':
        this.map(naive, next, file);
    }
  }

  private files(): Set<NaiveFile> {
    const mapped = this.processes.flatMap(({ maps }) => [...maps.values()]);
    return new Set([...this.names.values(), ...mapped.map(({ file }) => file)]);
  }

  private setSize(file: NaiveFile, size: number): void {
    file.setSize(size);
    for (const { maps } of this.processes) {
      for (const map of maps.values()) {
        if (map.file !== file) continue;
        for (const page of [...map.copies.keys()]) {
          if (page >= Math.ceil(size / PAGE_SIZE)) map.copies.delete(page);
        }
      }
    }
  }

  private write(process: Process, { name, position, length }: Step, file: NaiveFile): void {
    this.counter += 1;
    const { counter } = this;
    const bytes = Uint8Array.from({ length }, (_, at) => (counter * 31 + at * 3) & 255);
    const open = process.open(name, { write: true });
    expect(process.pwrite(open, position, bytes)).toBe(length);
    process.close(open);
    file.write(position, bytes);
  }

  private map(
    { process, maps }: NaiveProcess,
    { name, slot, shared }: Step,
    file: NaiveFile,
  ): void {
    const open = process.open(name, { write: true });
    const flags = MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE);
    const address = BASE + slot * SLOT_PAGES * P;
    process.mmap(SLOT_PAGES * P, PROT_READ | PROT_WRITE, flags, { file: open, address });
    process.close(open);
    // First unmap what is there.
    this.forget(maps, slot);
    maps.set(slot, { file, shared, copies: new Map() });
  }

  private unmap({ process, maps }: NaiveProcess, slot: number): void {
    process.munmap(BASE + slot * SLOT_PAGES * P, SLOT_PAGES * P);
    this.forget(maps, slot);
  }

  private forget(maps: NaiveProcess['maps'], slot: number): void {
    const old = maps.get(slot)?.file;
    maps.delete(slot);
    this.unmapped(old);
  }

  /** The last map took what was past the end of the file with it. */
  private unmapped(file: NaiveFile | undefined): void {
    if (file !== undefined && !this.isMapped(file)) file.loseRest();
  }

  private isMapped(file: NaiveFile): boolean {
    return this.processes.some(({ maps }) => [...maps.values()].some((map) => map.file === file));
  }

  private fork({ process, maps }: NaiveProcess): void {
    const copies = [...maps].map(([slot, map]): [number, NaiveMap] => {
      const own = [...map.copies].map(([page, bytes]): [number, Uint8Array] => [
        page,
        bytes.slice(),
      ]);
      return [slot, { ...map, copies: new Map(own) }];
    });
    this.processes.push({ process: this.world.machine.fork(process), maps: new Map(copies) });
  }

  private exit(naive: NaiveProcess): void {
    naive.process.exit();
    this.processes.splice(this.processes.indexOf(naive), 1);
    for (const { file } of naive.maps.values()) this.unmapped(file);
  }

  /** A page of a map, by the model: undefined if an access is a fault. */
  private page(map: NaiveMap | undefined, page: number): Uint8Array | undefined {
    if (map === undefined) return undefined;
    const copy = map.copies.get(page);
    if (copy !== undefined) return copy;
    if (page >= Math.ceil(map.file.size / PAGE_SIZE)) return undefined;
    return map.file.bytes.subarray(page * P, (page + 1) * P);
  }

  private load({ process, maps }: NaiveProcess, { slot, page }: Step): void {
    const expected = this.page(maps.get(slot), page);
    const bytes = new Uint8Array(P);
    const { loaded, fault } = process.loadRange(BASE + (slot * SLOT_PAGES + page) * P, bytes);
    if (expected === undefined) {
      expect(fault?.signal).toBe(maps.has(slot) ? 'SIGBUS' : 'SIGSEGV');
    } else {
      expect(loaded).toBe(P);
      expect(Buffer.compare(bytes, expected)).toBe(0);
    }
  }

  private store({ process, maps }: NaiveProcess, { slot, page, position }: Step): void {
    const map = maps.get(slot);
    const present = this.page(map, page);
    const offset = position % P;
    this.counter += 1;
    const value = this.counter & 255;
    let signal: string | undefined;
    try {
      process.store(BASE + (slot * SLOT_PAGES + page) * P + offset, value);
    } catch (error) {
      if (!(error instanceof AccessFault)) throw error;
      ({ signal } = error);
    }
    const expected = map === undefined ? 'SIGSEGV' : present === undefined ? 'SIGBUS' : undefined;
    expect(signal).toBe(expected);
    if (map === undefined || present === undefined) return;
    if (map.shared) {
      present[offset] = value;
    } else {
      const copy = present.slice();
      copy[offset] = value;
      map.copies.set(page, copy);
    }
  }

  /** After each operation. */
  check(): void {
    for (const { process } of this.processes) validateMm(mmOf(process));
    const mapped = [...this.files()].filter((file) => this.isMapped(file));
    expect(this.world.tarfs.mapped.size).toBe(mapped.length);
  }

  /** At the end: everything that can be seen, then the archive, then that nothing is left. */
  finish(): void {
    const { machine, tarfs, process } = this.world;
    for (const naive of this.processes) {
      for (const slot of naive.maps.keys()) {
        for (let page = 0; page < SLOT_PAGES; page += 1) this.load(naive, { slot, page } as Step);
      }
    }
    machine.sync();
    for (const naive of this.processes) naive.process.exit();
    expect(tarfs.mapped.size).toBe(0);
    expect(machine.phys.used).toBe(0);
    const again = tarfsWorld(tarfs.archive);
    expect([...again.tarfs.root.children()].map(([name]) => name).sort()).toEqual(
      [...UNTOUCHED, ...this.names.keys()].sort(),
    );
    for (const [name, file] of this.names) {
      for (const reader of [process, again.process]) {
        expect(Buffer.compare(readAll(reader, name), file.content)).toBe(0);
      }
      const sameInode = [...this.names].filter(([, each]) => each === file).length;
      expect(again.process.stat(name).links).toBe(sameInode);
    }
    for (const name of UNTOUCHED)
      expect(memberBytes(tarfs.archive, name)).toBe(memberBytes(archive, name));
  }
}

function memberBytes(bytes: Uint8Array, name: string): string {
  const { start, end } = readTarIndex(bytes).members.find(({ path }) => path === name)!;
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

test(
  'random programs: reads, maps and the archive have what a model of bytes says',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const model = new Model();
        for (const next of steps) {
          model.perform(next);
          model.check();
        }
        model.finish();
      }),
      { numRuns: randomPrograms(QUICK) },
    );
  },
  randomProgramsTimeout(QUICK),
);
