/** The scenarios of the tarfs seed: docs/seeds.md says which statement each is about. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createWorld, parseRecords, parseScenario, runScenario, type ArchiveSource } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { MmuMemory } from '#xip-emu/mm/mmu-memory.js';
import { validateMm } from '#xip-emu/mm/validate.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { scenarioArchive } from '../helpers/tarfs-fixture.js';

const FOLDER = join(import.meta.dirname, '../fixtures/scenarios/tarfs');

function archive(name: string): ArchiveSource {
  const bytes = readFileSync(join(FOLDER, name));
  return name.endsWith('.gz')
    ? { bytes: gunzipSync(bytes), readOnly: true }
    : { bytes, readOnly: false };
}

test('the archive is what its builder gives, also compressed', () => {
  expect(Buffer.compare(archive('root.tar').bytes, scenarioArchive())).toBe(0);
  expect(Buffer.compare(archive('root.tar.gz').bytes, scenarioArchive())).toBe(0);
});

const scenarios = readdirSync(FOLDER).filter((name) => name.endsWith('.scn'));

describe.each(scenarios)('%s', (name) => {
  test('has the records that are expected', () => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const expected = readFileSync(join(FOLDER, 'expected', name.replace('.scn', '.jsonl')), 'utf8');
    const world = createWorld(kernelImage('basic'), { mmu: !name.startsWith('nommu-'), archive });
    const records = runScenario(parseScenario(text), world, {
      afterEach({ mm }) {
        if (mm instanceof MmuMemory) validateMm(mm.mm);
      },
    });
    expect(records).toEqual(parseRecords(expected));
  });
});
