import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { imageOptions, jsonOption, wideOption } from '../../shell/options.js';

const options = { ...wideOption, ...jsonOption, ...imageOptions } as const;

export type BlocksArguments = CommandArguments<typeof options>;

export const blocks = defineCommand({
  synopsis: 'IMAGE PATH|GLOB...',
  description:
    'Shows the block pointers of files and symbolic links: as stored, decoded, and the image\n' +
    'offsets of the data. A pointer gives the end of its block or, if it is direct, the start.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runBlocksCommand(args, io);
  },
});
