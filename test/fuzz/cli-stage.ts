import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { EXIT, runCramfs, runFsck, type CliIo } from 'cramfs-cli';
import { anyPath, emulatorCommands } from './cli-emulator.js';
import type { Stage } from './stages.js';
import { ensure, type Subject } from './subject.js';
import type { Workspace } from './workspace.js';

/** Starting a command costs more than most other stages: it is done for one mutant of so many. */
const ONE_IN = 3;
const OUTPUT_LIMIT = 16 << 20;

/** @returns the exit code. */
export type Run = (subject: Subject, file: string, io: CliIo) => Promise<number>;

/** Runs one command of the command line tools on a mutant in a file. */
export function cliStage(workspace: Workspace): Stage {
  const seedFile = join(workspace.scratch, 'seed.img');
  const commands: readonly Run[] = [
    (_, file, io) => runCramfs(['info', '--offset=auto', file], io),
    (_, file, io) => runCramfs(['info', '--json', file], io),
    (_, file, io) => runCramfs(['ls', '-lRi', file], io),
    (_, file, io) => runCramfs(['ls', '-R', '--json', file], io),
    (subject, file, io) => runCramfs(['ls', '-l', '--', file, anyPath(subject)], io),
    (_, file, io) => runCramfs(['tree', file], io),
    (subject, file, io) => runCramfs(['stat', '--', file, anyPath(subject)], io),
    (subject, file, io) => runCramfs(['cat', '--', file, anyPath(subject)], io),
    (subject, file, io) => runCramfs(['blocks', '--', file, anyPath(subject)], io),
    (_, file, io) => runCramfs(['map', file], io),
    (_, file, io) => runCramfs(['map', '--json', '--page-size=16384', file], io),
    (_, file, io) => runCramfs(['map', '--require=**', file], io),
    ...emulatorCommands(workspace),
    (_, file, io) => runCramfs(['check', '-v', file], io),
    (_, file, io) => runCramfs(['check', '--json', '--offset=auto', file], io),
    (_, file, io) => runCramfs(['tar', file], io),
    (_, file, io) => runCramfs(['diff', seedFile, file], io),
    (_, file, io) => runFsck(['-v', file], io),
    (_, file, io) => runCramfs(extractArguments(workspace, file), io),
    (_, file, io) =>
      // It has no option to leave out device nodes, which it would make as root.
      process.geteuid?.() === 0
        ? runCramfs(extractArguments(workspace, file, '--damage=zeros'), io)
        : runFsck(['-c', `--extract=${workspace.target}`, file], io),
  ];
  return {
    name: 'cli',
    always: true,
    async run(subject) {
      const { mutant, tally } = subject;
      if (!mutant.random.oneIn(ONE_IN)) return;
      const file = join(workspace.scratch, 'mutant.img');
      writeFileSync(file, mutant.bytes);
      writeFileSync(seedFile, mutant.seed.bytes);
      const command = mutant.random.below(commands.length);
      const { io, errors } = captured();
      try {
        const code = await commands[command]!(subject, file, io);
        tally.count(`cli exit ${code}`);
        const known: number[] = [EXIT.ok, EXIT.differs, EXIT.uncorrected, EXIT.failed];
        ensure(known.includes(code), () => `command ${command} exits with ${code}: ${errors()}`);
        ensure(!errors().includes('internal error'), () => `command ${command}: ${errors()}`);
      } finally {
        const damage = workspace.findDamage();
        ensure(damage === undefined, () => `OUTSIDE THE TARGET: ${damage ?? ''}`);
        workspace.clear();
      }
    },
  };
}

function extractArguments({ target }: Workspace, file: string, ...more: string[]): string[] {
  return ['extract', '--devices=skip', '--max-bytes=8M', ...more, '-C', target, file];
}

/** Streams that remember what goes to stderr, and close stdout when it gets too much. */
function captured(): { io: CliIo; errors: () => string } {
  let errors = '';
  let length = 0;
  const stdout = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      length += chunk.length;
      done(length > OUTPUT_LIMIT ? Object.assign(new Error('closed'), { code: 'EPIPE' }) : null);
    },
  });
  stdout.on('error', () => undefined);
  const stderr = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (errors.length < OUTPUT_LIMIT) errors += Buffer.from(chunk).toString();
      done();
    },
  });
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout,
    stderr,
    env: {},
    interruptSignal: () => new AbortController().signal,
  };
  return { io, errors: () => errors };
}
