import { defineCommand, type CommandArguments } from '../../shell/command.js';
import {
  alignOption,
  effortOptions,
  formatOptions,
  treeOptions,
  workersOption,
} from '../../building/options.js';
import { workloadOptions } from '../../planning/options.js';
import {
  flag,
  imageOptions,
  jsonOption,
  parseBytes,
  text,
  value,
  wideOption,
} from '../../shell/options.js';

const options = {
  flash: value(
    'the image may have so many bytes: least RAM',
    parseBytes('--flash'),
    undefined,
    'SIZE',
  ),
  ram: value(
    'the workload may take so many bytes of RAM: smallest image',
    parseBytes('--ram'),
    undefined,
    'SIZE',
  ),
  mmu: flag('for kernels with an MMU (default)'),
  nommu: flag('for kernels without an MMU'),
  output: value('write the plan to FILE (needs --flash or --ram)', text, 'o', 'PLAN'),
  svg: value('draw the trade-off to FILE', text, undefined, 'FILE'),
  ...workloadOptions,
  ...alignOption,
  ...formatOptions,
  ...treeOptions,
  ...effortOptions,
  ...workersOption,
  offset: imageOptions.offset,
  image: imageOptions.image,
  dialect: imageOptions.dialect,
  verbose: flag('list every part and every problem', 'v'),
  ...wideOption,
  ...jsonOption,
} as const;

export type PlanArguments = CommandArguments<typeof options>;

export const plan = defineCommand({
  synopsis: 'SOURCE',
  description:
    'Decides which pages of which programs run in place. With --flash: the least RAM for an image of\n' +
    'that size; with --ram: the smallest image for that RAM; without: what can be had for what, from\n' +
    'nothing in place to all that is ever touched. The choice is the best there is (docs/plan.md), and\n' +
    'the emulator confirms its RAM. cramfs build SOURCE IMAGE --xip-plan PLAN makes the image, with the\n' +
    'same options for SOURCE.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runPlanCommand(args, io);
  },
});
