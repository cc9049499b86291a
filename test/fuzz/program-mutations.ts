import type { Draft } from './draft.js';
import type { Mutation } from './mutations.js';
import type { ProgramAnatomy } from './program-anatomy.js';

/** Mutations of the programs in an image: of what kernels and dynamic loaders read of them. */

type Field = readonly [offset: number, bytes: number];
type Elf = Extract<ProgramAnatomy, { format: 'elf' }>;

const IDENT: readonly Field[] = [4, 5, 6, 7, 8].map((at) => [at, 1]);
const FIELDS: Record<
  32 | 64,
  {
    readonly size: number;
    readonly header: readonly Field[];
    readonly programHeader: readonly Field[];
  }
> = {
  32: {
    size: 32,
    header: [...IDENT, [16, 2], [18, 2], [20, 4], [24, 4], [28, 4], [36, 4], [42, 2], [44, 2]],
    programHeader: [0, 4, 8, 16, 20, 24, 28].map((at) => [at, 4] as const),
  },
  64: {
    size: 56,
    header: [...IDENT, [16, 2], [18, 2], [20, 4], [24, 8], [32, 8], [48, 4], [54, 2], [56, 2]],
    programHeader: [[0, 4], [4, 4], ...[8, 16, 32, 40, 48].map((at) => [at, 8] as const)],
  },
};

const SEGMENT_TYPES = [0, 1, 2, 3, 4, 6, 7, 0x6474e551, 0x6474e552, 0x6474e553, 0x70000000];
const DYNAMIC_TAGS = [
  ...Array.from({ length: 38 }, (_, tag) => tag),
  ...[0x6ffffef5, 0x6ffffff0, 0x6ffffffb, 0x6ffffffe, 0x70000001, 0x7000000a, 0x70000011],
];
const SCRIPTS = [
  ...['#!', '#!\n', '#! \t \n', '#!/', '#!/bin', '#!.', '#!/bin/loop -a b c', '#!/dev/null'],
  ...['#!/bin/script', '#!/bin/first\0 x', `#!/${'a'.repeat(300)}`, `#!${' '.repeat(300)}`],
];
const MAGICS = ['#!', 'bFLT', '\x7fELF', '\x7fELF\x01\x02\x01', '\x7fELF\x02\x01\x01', 'MZ', ''];
const FLAT_WORDS = 11;

export const PROGRAM_MUTATIONS: readonly Mutation[] = [
  {
    name: 'elf-header',
    weight: 3,
    apply: (draft) => {
      withElf(draft, (elf) => {
        changeField(draft, elf, elf.start, draft.random.pick(FIELDS[elf.elfClass].header));
      });
    },
  },
  {
    name: 'program-header',
    weight: 8,
    apply: (draft) => {
      withElf(draft, (elf) => {
        const at = anyProgramHeader(draft, elf);
        changeField(draft, elf, at, draft.random.pick(FIELDS[elf.elfClass].programHeader));
      });
    },
  },
  {
    // Segments that overlap, are there twice, or of another kind.
    name: 'program-header-copy',
    weight: 2,
    apply: (draft) => {
      withElf(draft, (elf) => {
        const { size } = FIELDS[elf.elfClass];
        const [from, to] = [anyProgramHeader(draft, elf), anyProgramHeader(draft, elf)];
        if (!draft.has(Math.max(from, to), size)) return;
        draft.bytes.copyWithin(to, from, from + size);
        if (draft.random.oneIn(2)) {
          put(draft, elf, [to, 4], BigInt(draft.random.pick(SEGMENT_TYPES)));
        }
      });
    },
  },
  {
    name: 'elf-dynamic',
    weight: 5,
    apply: (draft) => {
      withElf(draft, (elf) => {
        const { random } = draft;
        if (elf.dynamic === undefined) return;
        const word = elf.elfClass / 8;
        const at = elf.dynamic.start + 2 * word * random.below(elf.dynamic.length / (2 * word));
        if (random.oneIn(2)) put(draft, elf, [at, word], BigInt(random.pick(DYNAMIC_TAGS)));
        else changeField(draft, elf, at, [word, word]);
      });
    },
  },
  {
    name: 'interpreter',
    weight: 2,
    apply: (draft) => {
      withElf(draft, ({ interpreter, length }) => {
        const { random } = draft;
        if (interpreter === undefined || !draft.has(interpreter.start, interpreter.length)) return;
        const field = draft.bytes.subarray(
          interpreter.start,
          interpreter.start + interpreter.length,
        );
        random.pick([
          () => field.fill(random.pick([0, 0x2f, 0x61, 0xff])),
          () => field.fill(0x2f, field.length - 1),
          () => field.fill(0, random.below(field.length)),
          () => {
            field.set(latin1(random.pick(['/bin/first', '/bin', '..', '/dev/null'])));
          },
          () => (field[random.below(field.length)] = random.below(256)),
          () => draft.bytes.fill(0x2f, interpreter.start, interpreter.start + random.below(length)),
        ])();
      });
    },
  },
  {
    name: 'flat-header',
    weight: 4,
    apply: (draft) => {
      const flat = draft.random.maybe(programs(draft, 'flat'));
      if (flat === undefined) return;
      const at = flat.start + 4 * draft.random.below(FLAT_WORDS);
      const value = interestingValue(draft, flat, at, 4, false);
      put(draft, { little: false }, [at, 4], value);
    },
  },
  {
    name: 'script-line',
    weight: 2,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const script = random.oneIn(3)
        ? random.maybe(anatomy.programs)
        : random.maybe(programs(draft, 'script'));
      if (script !== undefined) overwrite(draft, script, random.pick(SCRIPTS));
    },
  },
  {
    name: 'program-magic',
    weight: 1,
    apply: (draft) => {
      const program = draft.random.maybe(draft.anatomy.programs);
      if (program !== undefined) overwrite(draft, program, draft.random.pick(MAGICS));
    },
  },
];

function programs(draft: Draft, format: ProgramAnatomy['format']): ProgramAnatomy[] {
  return draft.anatomy.programs.filter((program) => program.format === format);
}

function withElf(draft: Draft, change: (elf: Elf) => void): void {
  const { random, anatomy } = draft;
  const elf = random.maybe(anatomy.programs.filter((program) => program.format === 'elf'));
  if (elf !== undefined) change(elf);
}

function anyProgramHeader({ random }: Draft, { elfClass, programHeaders }: Elf): number {
  const { size } = FIELDS[elfClass];
  return programHeaders.start + size * random.below(programHeaders.length / size);
}

function changeField(draft: Draft, elf: Elf, at: number, [offset, size]: Field): void {
  put(draft, elf, [at + offset, size], interestingValue(draft, elf, at + offset, size, elf.little));
}

/** What is at the edge of something, or wraps, or is near what is there. */
function interestingValue(
  draft: Draft,
  { length }: ProgramAnatomy,
  at: number,
  size: number,
  little: boolean,
): bigint {
  const { random } = draft;
  const old = get(draft, at, size, little);
  const limit = 1n << BigInt(8 * size);
  const value = random.pick([
    () => BigInt(random.pick([0, 1, 2, 3, 4, 8, 0x10, 0x34, 0x40, 0x44, 0xfff, 0x1000, 0x1001])),
    () => BigInt(length - 1 + random.below(3)),
    () => old + BigInt(random.pick([-0x1000, -1, 1, 4, 0x800, 0x1000, 0x100000])),
    () => (limit >> BigInt(random.below(12))) - BigInt(random.below(0x1001)),
    () => (limit >> 1n) + BigInt(random.below(3)) - 1n,
    () => BigInt(random.u32()) * BigInt(random.oneIn(2) ? 1 : random.u32()),
    () => old ^ (1n << BigInt(random.below(8 * size))),
    () => BigInt(random.pick(SEGMENT_TYPES)),
  ])();
  return ((value % limit) + limit) % limit;
}

function get(draft: Draft, at: number, size: number, little: boolean): bigint {
  if (!draft.has(at, size)) return 0n;
  const bytes = [...draft.bytes.subarray(at, at + size)];
  if (little) bytes.reverse();
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function put(
  draft: Draft,
  { little }: { readonly little: boolean },
  [at, size]: Field,
  value: bigint,
): void {
  if (!draft.has(at, size)) return;
  for (let byte = 0; byte < size; byte += 1) {
    const shift = BigInt(8 * (little ? byte : size - 1 - byte));
    draft.bytes[at + byte] = Number((value >> shift) & 0xffn);
  }
}

function overwrite(draft: Draft, { start, length }: ProgramAnatomy, text: string): void {
  const bytes = latin1(text).subarray(0, Math.min(length, Math.max(0, draft.bytes.length - start)));
  draft.bytes.set(bytes, Math.min(start, draft.bytes.length));
}

function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}
