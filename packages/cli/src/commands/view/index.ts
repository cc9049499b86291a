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
    describe: 'with --output: put in the content of files (default); --no-data leaves it out',
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
    'Shows images, and what Linux does with them, in a browser: where everything lies in flash,\n' +
    'which pages are in place, what programs and mappings cost. Without an image the page has a\n' +
    'place to drop one. The page is served on 127.0.0.1 at an address that nobody can guess, until\n' +
    '^C; nothing leaves the machine.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runViewCommand(args, io);
  },
});
