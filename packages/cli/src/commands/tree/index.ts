import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { imageOptions, jsonOption } from '../../shell/options.js';

const options = { ...jsonOption, ...imageOptions } as const;

export type TreeArguments = CommandArguments<typeof options>;

export const tree = defineCommand({
  synopsis: 'IMAGE [DIRECTORY]',
  description: 'Draws the tree below a directory (default: the root directory).',
  options,
  async run(args, io) {
    return (await import('./run.js')).runTreeCommand(args, io);
  },
});
