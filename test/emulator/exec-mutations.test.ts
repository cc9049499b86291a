import { describe, expect, test } from 'vitest';
import { KernelCorruption } from '#xip-emu/kernel-corruption.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { runScenario } from '#xip-emu/scenario/run.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import {
  fixture,
  mutate,
  mutatedPrograms,
  type MutatedProgram,
} from '../helpers/exec-mutations.js';
import {
  buildRawImage,
  directory,
  file,
  special,
  symlink,
  type RawNode,
} from '../helpers/raw-image.js';

const BATCH = 50;
const S_IFIFO = 0o010644;
/** ELOOP had no name in the recorder. */
const ERRNO: Readonly<Record<string, string>> = { 'E?': 'ELOOP' };

/** Programs by the first word of a description. */
const BASES = new Map([
  ['q-static', fixture('q-static')],
  ['q-pie', fixture('q-pie')],
  ['q-dyn', fixture('q-dyn')],
  ['flat', fixture('nflat.flt')],
]);

/** Whose description does not tell all of the content. */
const SCRIPTS: Readonly<Record<string, string>> = {
  's-ok': '#!/rom/sta-ok\n',
  's-arg': '#!/rom/sta-ok a b c\n',
  's-sp': '#!  /rom/sta-ok  \n',
  's-none': '#!\n',
  's-nonl': '#!/rom/sta-ok',
  's-rel': '#!sta-ok\n',
  's-missing': '#!/rom/nothing\n',
  's-self': '#!/rom/s-self\n',
  's-dir': '#!/rom\n',
  's-cr': '#!/rom/sta-ok\r\n',
  's-nul': '#!/rom/sta-ok\0x\n',
  's-long': `#!/rom/${'a'.repeat(300)}\n`,
  's-long2': `#!/rom/sta-ok ${'a'.repeat(300)}\n`,
  's-n1': '#!/rom/s-ok\n',
  's-n2': '#!/rom/s-n1\n',
  's-n3': '#!/rom/s-n2\n',
  's-n4': '#!/rom/s-n3\n',
  's-n5': '#!/rom/s-n4\n',
  's-n6': '#!/rom/s-n5\n',
  's-tab': '#!\t/rom/sta-ok\targ\n',
  's-text': 'hello world\n',
  's-empty': '',
  's-hash': '#',
  's-sp2': '#! \n',
  's-noexec': '#!/rom/noexec\n',
  's-253': `#!/rom/sta-ok${' '.repeat(300)}\n`,
  's-nospace': `#!/rom/sta-ok${' '.repeat(243)}`,
};

/** The base of what is `ok`. */
const UNCHANGED: Readonly<Record<string, string>> = {
  'sta-ok': 'q-static',
  'pie-ok': 'q-pie',
  'dyn-ok': 'q-dyn',
  'flat-ok': 'flat',
};

function program(content: Uint8Array | string, mode = 0o755): RawNode {
  return file(content, { mode, blocks: 'U'.repeat(Math.ceil(content.length / 4096)) });
}

const STATIC = BASES.get('q-static')!;
/** What the other programs need around them. */
const SURROUNDINGS: readonly (readonly [string, RawNode])[] = [
  ['dang', symlink('nothing')],
  ['dir', directory({}, { mode: 0o755 })],
  ['fifo', special(S_IFIFO)],
  ['ld.so', program(BASES.get('q-pie')!)],
  ['lnk', symlink('sta-ok')],
  ['loop', symlink('loop')],
  ['noexec', program(STATIC, 0o644)],
  ['sta-ok', program(STATIC)],
  ['suid', program(STATIC, 0o4755)],
  ['x000', program(STATIC, 0)],
  ['x001', program(STATIC, 0o001)],
  ...Object.entries(SCRIPTS).map(([name, text]) => [name, program(text)] as const),
];

/** exec-end of each program, in their order: `ENOEXEC`, `ok exit:7`, `ok signal:SIGSEGV`. */
function execAll(rows: readonly MutatedProgram[], mmu: boolean): string[] {
  const entries = new Map(SURROUNDINGS);
  for (const { name, description } of rows) {
    if (/ (truncated to|.*=0x)/.test(description)) {
      entries.set(name, program(mutate(description, BASES)));
    } else if (description === 'ok') {
      entries.set(name, program(BASES.get(UNCHANGED[name]!)!));
    }
  }
  const { bytes } = buildRawImage([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  const world = createWorld(bytes, { mmu, config: CONFIG });
  return rows.map(({ name }) => {
    const records = runScenario(parseScenario(`mount mtd\nexec ${name}`), world);
    const end = records.find(({ op }) => op === 'exec-end' || op === 'diagnosis')!;
    const { ret = KernelCorruption.name, status = '' } = end as { ret?: string; status?: string };
    return `${ret} ${status}`.trim();
  });
}

/** Without an MMU the kernel wrote over its own memory here, and had luck. */
const OVERWRITTEN = new Set(['pie-p3-139', 'dyn-p3-062', 'dyn-p5-160', 'dyn-p5-168']);
/** Where the entry is not the program's first instruction, but something that can be executed. */
const OTHER_CODE = new Set(['pie-p2-061', 'flat-w02-050']);
/** The recorded machine has addresses of 57 bits: Sv57. */
const CONFIG = { VA_BITS: 57 };

/**
 * What is not as the kernel has it. Code is not run here, so that the end of a program is known only
 * if its first instruction cannot be fetched, and not at all of one that a dynamic loader starts.
 */
function isKnownDifference(
  { name, ret, status, description }: MutatedProgram,
  actual: string,
): boolean {
  if (OVERWRITTEN.has(name)) return actual === KernelCorruption.name;
  if (ret !== 'ok' || actual !== 'ok exit:7') return false;
  return status === 'signal:SIGILL' || description.startsWith('q-dyn') || OTHER_CODE.has(name);
}

describe.each(['mmu', 'nommu'] as const)('%s', (kernel) => {
  // pie-h051 is entered in the [vdso], whose content is not emulated.
  const rows = mutatedPrograms(kernel).filter(({ name }) => name !== 'pie-h051');
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH) }, (_, index) =>
    rows.slice(index * BATCH, (index + 1) * BATCH),
  );

  test.each(batches.map((batch) => [batch[0]!.name, batch] as const))(
    'execve() of %s and those after it',
    (_, batch) => {
      const actual = execAll(batch, kernel === 'mmu');
      const differences = batch.flatMap((row, index) => {
        const expected = [ERRNO[row.ret] ?? row.ret, row.status].filter((word) => word !== '');
        const difference = `${row.name}: ${expected.join(' ')}, not ${actual[index]} (${row.description})`;
        if (expected.join(' ') === actual[index]) return [];
        return isKnownDifference(row, actual[index]!) ? [] : [difference];
      });
      expect(differences).toEqual([]);
    },
  );
});
