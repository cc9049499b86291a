import { expect, test } from 'vitest';
import { mapFile, mountOverlay, romMachine } from '../../../test/helpers/emulator.js';
import { buildRawImage, file, noise, type RawBlock } from '../../../test/helpers/raw-image.js';
import { PROT_READ, PROT_WRITE } from './memory-map.js';
import type { TraceEvent } from './trace.js';

const PAGE = 4096;
const D: RawBlock = { kind: 'D', align: PAGE };
const { bytes } = buildRawImage({
  compressed: file(noise(2 * PAGE), { blocks: 'CC' }),
  odd: file(noise(PAGE), { blocks: [{ kind: 'D', align: PAGE, phase: 4 }] }),
  one: file(noise(100), { blocks: [{ ...D, tail: 'junk' }] }),
  shared: file(noise(PAGE + 100), { blocks: [D, { ...D, tail: 'junk' }] }),
  whole: file(noise(2 * PAGE - 8), { blocks: [D, { ...D, tail: 'zero' }] }),
});

/** What the event of a map says of pages that are not direct. */
function reason(
  path: string,
  pages: number,
  { prot = PROT_READ, pgoff = 0, mmu = true } = {},
): Pick<TraceEvent & { type: 'mmap' }, 'romPages' | 'bailout' | 'lastPageShared'> {
  const machine = romMachine(bytes, { mmu });
  if (mmu) mountOverlay(machine);
  const events: TraceEvent[] = [];
  machine.trace.sink = (event) => events.push(event);
  const process = machine.spawn();
  mapFile(process, path, pages, prot, { pgoff });
  const event = events.find(({ type }) => type === 'mmap');
  if (event?.type !== 'mmap') throw new Error('no event');
  const { romPages, bailout, lastPageShared } = event;
  return {
    romPages,
    ...(bailout === undefined ? {} : { bailout }),
    ...(lastPageShared === undefined ? {} : { lastPageShared }),
  };
}

test('an mmap event tells why pages are not direct, in the words of the kernel', () => {
  expect(reason('/rom/whole', 2)).toEqual({ romPages: 2 });
  expect(reason('/rom/shared', 2)).toEqual({ romPages: 1, lastPageShared: true });
  const none = { romPages: 0 };
  expect(reason('/rom/whole', 2, { prot: PROT_READ | PROT_WRITE })).toEqual({
    ...none,
    bailout: 'vma is writable',
  });
  expect(reason('/rom/whole', 1, { pgoff: 2 })).toEqual({ ...none, bailout: 'beyond file limit' });
  expect(reason('/rom/compressed', 2)).toEqual({ ...none, bailout: 'unsuitable block layout' });
  expect(reason('/rom/odd', 1)).toEqual({ ...none, bailout: 'data is not page aligned' });
  expect(reason('/rom/one', 1)).toEqual({
    ...none,
    bailout: 'no suitable block remaining',
    lastPageShared: true,
  });
});

test('through an overlay the reason is that of the lower file; without an MMU that of a copy', () => {
  expect(reason('/ovl/shared', 2)).toEqual({ romPages: 1, lastPageShared: true });
  expect(reason('/rom/compressed', 2, { mmu: false })).toEqual({
    romPages: 0,
    bailout: 'unsuitable block layout',
  });
  expect(reason('/rom/shared', 2, { mmu: false })).toEqual({ romPages: 2 });
});
