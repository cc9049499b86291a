import { describe, expect, test } from 'vitest';
import {
  buildDialectImage,
  stickyExtent,
  type DialectDirectory,
  type DialectImageOptions,
} from '../../../../../test/helpers/dialect-images.js';
import { errnoOf, mapFile, romMachine } from '../../../../../test/helpers/emulator.js';
import { noise, symlink, buildRawImage } from '../../../../../test/helpers/raw-image.js';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import type { PolicyName } from '../../policy.js';
import type { Process } from '../../process.js';
import { areasIn } from '../../report/areas.js';
import { pagesIn } from '../../report/pages.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';

/* Kernels that map files in one piece: docs/kernel-facts.md K32, K33. */

const BASE = 0x40000000;
const A = noise(2 * PAGE_SIZE + 100, 1);
const B = noise(3 * PAGE_SIZE, 2);
/** b starts on the page after the last one of a. */
const FILES: DialectDirectory = {
  a: { mode: 0o101755, content: A },
  b: { mode: 0o101755, content: B },
};

function machineOf(policy: PolicyName, mmu = true, options: DialectImageOptions = {}) {
  const linear = policy === 'linux-linear-xip';
  const tree = linear
    ? { ...FILES, plain: { mode: 0o100644, content: noise(5000, 3) } }
    : { ...FILES, link: { mode: 0o120777, content: Buffer.from('a') } };
  const extent: DialectImageOptions['extent'] = (node, free) => {
    const isLink = (node.mode & 0o170000) === 0o120000;
    return isLink ? free : stickyExtent(node, free);
  };
  const bytes = buildDialectImage(tree, { flags: linear ? 3 : 0x803, extent, ...options });
  return romMachine(bytes, { policy, mmu });
}

function backings(process: Process, pages: number): string {
  return pagesIn(process.mm, BASE, pages * PAGE_SIZE)
    .map(({ backing }) => backing)
    .join(' ');
}

function flags(process: Process): string | undefined {
  return areasIn(process.mm, BASE, BASE + 1)[0]?.vmFlags;
}

function content(process: Process, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  expect(process.loadRange(BASE, bytes)).toEqual({ loaded: length });
  return bytes;
}

describe.each(['linux-linear-xip', 'linux-asxipfs'] as const)('%s', (policy) => {
  test('read(2) and mappings give what is stored, in either kind of machine', () => {
    for (const mmu of [true, false]) {
      const process = machineOf(policy, mmu).spawn();
      for (const [path, stored] of [
        ['/rom/a', A],
        ['/rom/b', B],
      ] as const) {
        const file = process.open(path);
        const read = new Uint8Array(stored.length);
        expect(process.pread(file, 0, read)).toBe(stored.length);
        expect(read).toEqual(stored);
        const at = mapFile(process, path, 3, PROT_READ);
        const mapped = new Uint8Array(stored.length);
        process.loadRange(at, mapped);
        expect(mapped).toEqual(stored);
        const [first] = pagesIn(process.mm, at, PAGE_SIZE);
        expect(first?.backing === 'rom').toBe(mmu);
      }
    }
  });

  test('shared mappings without an MMU are refused, private ones copied', () => {
    const process = machineOf(policy, false).spawn();
    const map = (flag: number) => () => mapFile(process, '/rom/a', 3, PROT_READ, { flags: flag });
    expect(errnoOf(map(MAP_SHARED))).toBe('ENODEV');
  });

  test('other images and places are not mounted', () => {
    expect(() => machineOf(policy, true, { flags: 0x10000003 })).toThrow('unsupported');
  });
});

describe('the linear XIP patches', () => {
  const policy = 'linux-linear-xip';

  test('map all of a sticky file at once, never to be written', () => {
    const process = machineOf(policy).spawn();
    mapFile(process, '/rom/a', 3, PROT_READ, { address: BASE });
    expect(backings(process, 3)).toBe('rom rom rom');
    expect(flags(process)).toBe('rd mr me pf io de dd');
    expect(
      errnoOf(() => {
        process.mprotect(BASE, PAGE_SIZE, PROT_READ | PROT_WRITE);
      }),
    ).toBe('EACCES');
  });

  test('map the bytes after the file, and after these endless zeros', () => {
    const process = machineOf(policy).spawn();
    mapFile(process, '/rom/a', 5, PROT_READ, { address: BASE, pgoff: 2 });
    expect(backings(process, 5)).toBe('rom rom rom none none');
    expect(content(process, 100)).toEqual(A.subarray(2 * PAGE_SIZE));
    expect(process.load(BASE + PAGE_SIZE)).toBe(B[0]);
    expect(process.load(BASE + 4 * PAGE_SIZE)).toBe(0);
    expect(backings(process, 5)).toBe('rom rom rom none zero');
  });

  test('page in writable mappings, and files that are not sticky', () => {
    const process = machineOf(policy).spawn();
    mapFile(process, '/rom/a', 3, PROT_READ | PROT_WRITE, { address: BASE });
    expect(content(process, A.length)).toEqual(A);
    process.store(BASE, 7);
    expect(backings(process, 3)).toBe('anonymous page-cache page-cache');
    mapFile(process, '/rom/plain', 2, PROT_READ, { address: BASE });
    expect(content(process, 5000)).toEqual(noise(5000, 3));
    expect(backings(process, 2)).toBe('page-cache page-cache');
  });

  test('have no device of their own', () => {
    expect(machineOf(policy).mounts.at('/rom')!.sb.dev.major).toBe(0);
    expect(machineOf('linux-asxipfs').mounts.at('/rom')!.sb.dev.major).toBe(31);
  });

  test('refuse flag 0x800', () => {
    expect(() => machineOf(policy, true, { flags: 0x803 })).toThrow('unsupported');
  });
});

describe('ASXipFS', () => {
  const policy = 'linux-asxipfs';

  test('maps a page when it is touched, and copies it on write', () => {
    const process = machineOf(policy).spawn();
    mapFile(process, '/rom/a', 4, PROT_READ | PROT_WRITE, { address: BASE });
    expect(backings(process, 4)).toBe('none none none none');
    expect(process.load(BASE)).toBe(A[0]);
    process.store(BASE, 1);
    process.store(BASE + PAGE_SIZE + 1, 2);
    expect(process.load(BASE + PAGE_SIZE)).toBe(A[PAGE_SIZE]);
    process.load(BASE + 2 * PAGE_SIZE);
    expect(backings(process, 4)).toBe('anonymous anonymous rom none');
    expect(() => process.load(BASE + 3 * PAGE_SIZE)).toThrow('SIGBUS');
  });

  test('follows symlinks whose targets are plain text', () => {
    const process = machineOf(policy).spawn();
    expect(process.readlink('/rom/link')).toBe('a');
  });
});

test('mainline Linux misreads such images', () => {
  const process = machineOf('linux-6.12', true, { flags: 3 }).spawn();
  const file = process.open('/rom/a');
  expect(errnoOf(() => process.pread(file, 0, new Uint8Array(9)))).toBe('EIO');
});

test('a standard image is misread by the others', () => {
  const { bytes } = buildRawImage({ l: symlink('abc') });
  expect(romMachine(bytes, { policy: 'linux-linear-xip' }).spawn().readlink('/rom/l')).toBe('abc');
  expect(romMachine(bytes, { policy: 'linux-asxipfs' }).spawn().readlink('/rom/l')).not.toBe('abc');
});
