import { COMMANDS, commandEntry, type CommandEntry } from './commands/index.js';
import { UsageError } from './shell/errors.js';
import { EXIT, type ExitCode } from './shell/exit-codes.js';
import { print, type CliIo } from './shell/io.js';
import { renderParagraphs } from './shell/help.js';
import { didYouMean } from './shell/suggest.js';
import { toolVersion } from './version.js';

/**
 * The `cramfs` command.
 *
 * @param argv the words after the program's name.
 * @returns the exit code; all output has been written to `io`.
 */
export async function runCramfs(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const [name, ...rest] = argv;
  try {
    if (name === undefined) throw new UsageError('missing command');
    if (name === '--help' || name === '-h') return await succeed(io, rootHelp());
    if (name === '--version' || name === '-V')
      return await succeed(io, `cramfs ${toolVersion()}\n`);
    if (name === 'help') {
      return rest[0] === undefined
        ? await succeed(io, rootHelp())
        : await runCommand(rest[0], ['--help'], io);
    }
    return await runCommand(name, rest, io);
  } catch (error) {
    return report(error, 'cramfs', io);
  }
}

async function runCommand(name: string, argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const entry = commandEntry(name);
  if (entry === undefined) {
    const names = COMMANDS.map((command) => command.name);
    throw new UsageError(
      name.startsWith('-')
        ? `options go after the command: ${name}`
        : `there is no command '${name}'${didYouMean(name, names)}`,
    );
  }
  return await runAs(`cramfs ${name}`, entry, argv, io);
}

/** Runs a command under the name that its help and usage errors show. */
async function runAs(
  program: string,
  entry: CommandEntry,
  argv: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  try {
    const invocation = (await entry.load()).parse(program, argv);
    return 'help' in invocation ? await succeed(io, invocation.help) : await invocation.run(io);
  } catch (error) {
    if (error instanceof UsageError) return await report(error, program, io);
    throw error;
  }
}

/** The `xip-emu` command: `cramfs run` under a name of its own. Compare {@link runCramfs}. */
export async function runXipEmu(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  try {
    if (argv[0] === '--version' || argv[0] === '-V') {
      return await succeed(io, `xip-emu ${toolVersion()}\n`);
    }
    return await runAs('xip-emu', commandEntry('run')!, argv, io);
  } catch (error) {
    return report(error, 'xip-emu', io);
  }
}

/** Loaded when it is needed, so that help appears at once. */
async function report(error: unknown, tool: string, io: CliIo): Promise<ExitCode> {
  const { reportError } = await import('./shell/report-error.js');
  return reportError(error, tool, io);
}

async function succeed(io: CliIo, output: string): Promise<ExitCode> {
  await print(io, output);
  return EXIT.ok;
}

function rootHelp(): string {
  return [
    'cramfs COMMAND [OPTION...] ARGUMENT...\n',
    renderParagraphs(ROOT_DESCRIPTION),
    `Commands:\n${renderCommands()}`,
    renderParagraphs(ROOT_NOTES),
  ].join('\n');
}

const ROOT_DESCRIPTION =
  'Builds, reads, checks and explains cramfs images for Linux, especially those that run programs ' +
  'in place (XIP).';

const ROOT_NOTES =
  'Options of a command: cramfs COMMAND --help. An IMAGE may be compressed (.gz, .zst), part of a ' +
  'larger file (--offset N or auto), or - for standard input.\n\n' +
  'Exit codes: 0 ok, 1 differences found, 4 file system errors, 8 failure, 16 usage.';

function renderCommands(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('');
}
