import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { imageOptions, text, value } from '../../shell/options.js';

const options = {
  output: value(
    'write one file with page and images, to be opened from disk, and serve nothing',
    text,
    'o',
    'FILE',
  ),
  data: {
    type: 'boolean',
    default: true,
    describe: 'with --output: include the contents of files (default); --no-data leaves them out',
  },
  open: {
    type: 'boolean',
    default: true,
    describe: 'open a browser (default); --no-open only prints the address',
  },
  ...imageOptions,
} as const;

export type ViewArguments = CommandArguments<typeof options>;

export const view = defineCommand({
  synopsis: '[IMAGE...]',
  description:
    'Shows images, and what Linux does with them, in a browser: where everything is in flash,\n' +
    'which pages are in place, what programs and mappings cost. Without an image, drop one\n' +
    'on the page. The page is served on 127.0.0.1 at an address that nobody can guess, until\n' +
    '^C; nothing leaves the machine.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runViewCommand(args, io);
  },
});
