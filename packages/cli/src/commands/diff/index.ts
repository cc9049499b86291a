import { defineCommand, type CommandArguments } from '../../shell/command.js';
import {
  colorOption,
  flag,
  imageOptions,
  jsonOption,
  maxEntriesOption,
  wideOption,
} from '../../shell/options.js';

const options = {
  layout: flag('also compare how the blocks are stored'),
  owner: {
    type: 'boolean',
    default: true,
    describe: 'compare owners and groups (default); --no-owner does not',
  },
  ...maxEntriesOption,
  ...colorOption,
  ...wideOption,
  ...jsonOption,
  ...imageOptions,
} as const;

export type DiffArguments = CommandArguments<typeof options>;

export const diff = defineCommand({
  synopsis: 'IMAGE1 IMAGE2',
  description:
    'Compares the contents of two images, whatever their byte order, block size and layout.\n' +
    'One of them may be a directory or a tar. Exits with 1 if they differ.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runDiffCommand(args, io);
  },
});
