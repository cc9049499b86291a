import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { imageOptions } from '../../shell/options.js';

export type CatArguments = CommandArguments<typeof imageOptions>;

export const cat = defineCommand({
  synopsis: 'IMAGE PATH|GLOB...',
  description: 'Prints the content of files. Symbolic links are followed inside the image.',
  options: imageOptions,
  async run(args, io) {
    return (await import('./run.js')).runCatCommand(args, io);
  },
});
