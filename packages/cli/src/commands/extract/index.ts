import { defineCommand, type CommandArguments } from '../../shell/command.js';
import {
  choice,
  flag,
  imageOptions,
  jsonOption,
  maxEntriesOption,
  parseBytes,
  parseCount,
  text,
  value,
} from '../../shell/options.js';

const options = {
  directory: value(
    'directory to write to (default: the current one); made if missing',
    text,
    'C',
    'DIR',
  ),
  force: flag('replace files that exist', 'f'),
  owner: {
    type: 'boolean',
    describe: 'set owners and groups (default: if root); --no-owner does not',
  },
  setuid: {
    type: 'boolean',
    describe:
      'keep setuid and setgid bits (default: if root and owners are set); --no-setuid does not',
  },
  devices: choice(
    'devices',
    ['create', 'skip'],
    'create device nodes or skip them (default: create if root)',
  ),
  damage: choice(
    'damage',
    ['remove', 'zeros'],
    'what to do with a file that has damaged blocks: remove it (default), or fill them with zeros',
  ),
  salvage: flag(
    'save what can be saved, and list what is lost: --root auto, --oob auto, --damage zeros, and ' +
      'allow for missing or extra erase blocks',
  ),
  'max-bytes': value(
    'refuse images whose files need more disk than this (default: 4G)',
    parseBytes('--max-bytes'),
  ),
  ...maxEntriesOption,
  workers: value('number of threads', parseCount('--workers', 256, 1)),
  verbose: flag('print every problem, even many of a kind', 'v'),
  ...jsonOption,
  ...imageOptions,
} as const;

export type ExtractArguments = CommandArguments<typeof options>;

export const extract = defineCommand({
  synopsis: 'IMAGE [PATH|GLOB...]',
  description:
    'Writes an image, or parts of it, to a directory. Never writes outside that directory, and\n' +
    'replaces files only with --force. Unless run by root it leaves out owners and device nodes,\n' +
    'with a warning; `cramfs tar` keeps them.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runExtractCommand(args, io);
  },
});
