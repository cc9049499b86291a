import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, runCramfs, type CliIo } from 'cramfs-cli';
import { nameToText } from 'cramfs-format';
import type { Run } from './cli-stage.js';
import { ensure, type Subject } from './subject.js';
import type { Workspace } from './workspace.js';

/** Commands that use the emulator. */
export function emulatorCommands(workspace: Workspace): readonly Run[] {
  return [
    (subject, file, io) => simulate(subject, file, io),
    (subject, file, io) => simulate(subject, file, io, '--json', '--page-size=4096'),
    (subject, file, io) =>
      runCramfs(['exec', ...anyKernel(subject), '--', file, anyFile(subject)], io),
    (subject, file, io) => {
      const runs = [anyFile(subject), `2*${anyFile(subject)}`].map((run) => `--run=${run}`);
      return runCramfs(['exec', ...anyKernel(subject), ...runs, '--', file], io);
    },
    (subject, file, io) =>
      runCramfs(['mmap', ...anyKernel(subject), '--', file, anyFile(subject)], io),
    (subject, file, io) => {
      const touches = ['--touch=0', '--touch=0:w', '--prot=rw', ...anyKernel(subject)];
      return runCramfs(['mmap', ...touches, '--', file, anyFile(subject)], io);
    },
    (subject, file, io) => {
      const mode = subject.mutant.random.pick(['mmu', 'nommu']);
      const scenario = writeScenario(subject, workspace);
      return runCramfs(['run', `--mode=${mode}`, '--', file, scenario], io);
    },
  ];
}

/** The rule and the emulator must not disagree. */
async function simulate(
  subject: Subject,
  file: string,
  io: CliIo,
  ...options: readonly string[]
): Promise<number> {
  const phys = `--phys=${anyAddress(subject)}`;
  const code = await runCramfs(['map', '--simulate', phys, ...options, '--', file], io);
  ensure(code !== EXIT.differs, () => `map --simulate ${phys}: the emulator maps something else`);
  return code;
}

/** As a user would copy it from a listing. */
export function anyPath({ entries, mutant }: Subject): string {
  return nameToText(mutant.random.maybe(entries)?.path ?? '/');
}

function anyFile({ entries, mutant }: Subject): string {
  const files = entries.filter(({ inode }) => inode.type === 'file');
  return nameToText(mutant.random.maybe(files)?.path ?? '/');
}

/** Where a small image fits below 2^32, also as its last bytes. */
function anyAddress({ mutant, bytes }: Subject): number {
  const end = 2 ** 32 - Math.ceil(bytes.length / 65536) * 65536;
  return mutant.random.pick([0x22000000, 0x22000000, 0x22000200, 0x90000000, end]);
}

function anyKernel(subject: Subject): string[] {
  const { random } = subject.mutant;
  const options = [`--phys=${anyAddress(subject)}`];
  if (random.oneIn(2)) options.push('--nommu');
  if (random.oneIn(2)) options.push('--json');
  return options;
}

const MOUNTS = ['mtd', 'block', 'overlay', 'overlay-block', 'fuse', 'fuse-cached'];

/** Statements on a file of the image. @returns the scenario's file. */
function writeScenario(subject: Subject, { scratch }: Workspace): string {
  const { random } = subject.mutant;
  const name = /^\/[\w./-]+$/.exec(anyFile(subject))?.[0].slice(1) ?? 'nothing';
  const length = random.pick(['1', '0x3000', '0x10000', '0x1000000']);
  const prot = random.pick(['r', 'rw', 'rx']);
  const lines = [
    `mount ${random.pick(MOUNTS)}`,
    `open 0 ${name} ${random.pick(['r', 'rw'])}`,
    `mmap a 0 ${length} ${prot} private ${random.below(3)}`,
    ...['pages a', 'touch a 0 r', 'touch a 0 w', 'pages a', 'maps', 'read 0 0 100', `stat ${name}`],
    ...[`exec ${name}`, 'maps', 'pages *'],
  ];
  const path = join(scratch, 'mutant.scn');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
