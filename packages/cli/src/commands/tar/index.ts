import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { imageOptions, maxEntriesOption, parseBytes, text, value } from '../../shell/options.js';

const options = {
  output: value('file to write (default: standard output)', text, 'o', 'FILE'),
  'max-bytes': value(
    'refuse images whose files total more than this, holes included (default: 4G)',
    parseBytes('--max-bytes'),
  ),
  ...maxEntriesOption,
  ...imageOptions,
} as const;

export type TarArguments = CommandArguments<typeof options>;

export const tar = defineCommand({
  synopsis: 'IMAGE [PATH|GLOB...]',
  description:
    'Writes an image, or parts of it, as a tar: names, modes, owners, links and device nodes as\n' +
    'they are, without being root. A tar cannot hold sockets: these are left out with a warning.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runTarCommand(args, io);
  },
});
