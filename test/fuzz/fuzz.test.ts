import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { loadCorpus } from './corpus.js';
import { builtFile } from '../helpers/built.js';
import { Draft } from './draft.js';
import { makeMutant } from './mutant.js';
import { MUTATIONS } from './mutations.js';
import { Random } from './random.js';
import type { FuzzReport } from './supervisor.js';

/** A tenth of what CI tries with `npm run fuzz`. */
const COUNT = 2000;
const TIME_LIMIT_MS = 600_000;

async function runFuzz(...args: string[]): Promise<FuzzReport> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [builtFile('test/fuzz/dist/test/fuzz/run-fuzz.js'), '--json', ...args],
    {
      maxBuffer: 2 ** 26,
    },
  ).catch((error: unknown) => {
    // Exit code 1: there are failures, and a report of them.
    if (error instanceof Error && 'stdout' in error && error.stdout !== '') {
      return error as unknown as { stdout: string };
    }
    throw error;
  });
  return JSON.parse(stdout) as FuzzReport;
}

describe('fuzzing', () => {
  test(
    `${COUNT} mutants neither crash nor hang us, nor get out of the target`,
    async () => {
      const { failures, tally } = await runFuzz('--count', String(COUNT));
      expect(failures).toEqual([]);
      expect(tally).toMatchObject({ mutants: COUNT });
      // Most mutants must survive long enough to be useful.
      const least: Record<string, number> = {
        opened: COUNT / 2,
        'walked cleanly': COUNT / 3,
        'crc right': COUNT / 10,
        'check finds no error': COUNT / 20,
        'read files': COUNT,
        'unreadable files': COUNT / 2,
        'extracted files': COUNT,
        'compared files': COUNT / 2,
        mapped: COUNT / 10,
        'emulator mount': COUNT / 4,
        'emulator mmap': COUNT,
        'emulator exec': COUNT / 10,
        'emulator touch': COUNT * 10,
        traps: COUNT / 4,
      };
      for (const [what, times] of Object.entries(least)) {
        expect(tally[what], what).toBeGreaterThan(times);
      }
    },
    TIME_LIMIT_MS,
  );

  test('a mutant depends on nothing but its number', () => {
    const corpus = loadCorpus();
    for (const index of [0, 1, 77, 4321]) {
      const once = makeMutant(corpus, 1, index);
      const again = makeMutant(corpus, 1, index);
      expect(again.steps).toEqual(once.steps);
      expect(Buffer.compare(again.bytes, once.bytes)).toBe(0);
      expect(again.random.u32()).toBe(once.random.u32());
      const other = makeMutant(corpus, 2, index);
      expect([other.seed, ...other.steps]).not.toEqual([once.seed, ...once.steps]);
    }
  });

  test('making mutants leaves the seeds as they are', () => {
    const corpus = loadCorpus();
    const before = corpus.map(({ bytes }) => bytes.slice());
    for (let index = 0; index < 500; index += 1) makeMutant(corpus, 3, index);
    corpus.forEach(({ bytes, name }, index) => {
      expect(Buffer.compare(bytes, before[index]!), name).toBe(0);
    });
  });

  test('the corpus has every kind of image', () => {
    const anatomies = loadCorpus().map(({ anatomy }) => anatomy);
    expect(new Set(anatomies.map(({ endianness }) => endianness))).toEqual(
      new Set(['little', 'big']),
    );
    expect(new Set(anatomies.map(({ blockSize }) => blockSize))).toEqual(
      new Set([4096, 8192, 16384, 65536]),
    );
    expect(new Set(anatomies.map(({ base, superblock }) => superblock - base))).toEqual(
      new Set([0, 512]),
    );
    expect(anatomies.some(({ base }) => base > 0)).toBe(true);
    expect(anatomies.some(({ lengths }) => lengths.length > 0)).toBe(true);
  });

  test('the corpus has every kind of program, as the mutations find them', () => {
    const programs = loadCorpus().flatMap(({ anatomy }) => anatomy.programs);
    const kinds = programs.map((program) => {
      if (program.format !== 'elf') return program.format;
      const { elfClass, little, interpreter, dynamic } = program;
      return [elfClass, little, interpreter !== undefined, dynamic !== undefined].join(' ');
    });
    const dynamicPrograms = [32, 64].flatMap((bits) => [
      `${bits} true true true`,
      `${bits} false true true`,
    ]);
    expect(kinds).toEqual(expect.arrayContaining(['script', 'flat', ...dynamicPrograms]));
  });

  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
    'the mutation %s changes something',
    (_, mutation) => {
      const corpus = loadCorpus();
      const changed = corpus.flatMap((seed, index) => {
        const draft = new Draft(seed, corpus, new Random(1, index));
        for (let times = 0; times < 20; times += 1) mutation.apply(draft);
        return Buffer.compare(draft.bytes, seed.bytes) === 0 ? [] : [seed.name];
      });
      expect(changed).not.toEqual([]);
    },
  );
});
