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
    'largest size of the image: find the least RAM',
    parseBytes('--flash'),
    undefined,
    'SIZE',
  ),
  ram: value(
    'most RAM for the workload: find the smallest image',
    parseBytes('--ram'),
    undefined,
    'SIZE',
  ),
  mmu: flag('for kernels with an MMU (default)'),
  nommu: flag('for kernels without an MMU'),
  output: value('write the plan to this file (needs --flash or --ram)', text, 'o', 'PLAN'),
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
    'that size. With --ram: the smallest image for that RAM. With neither: the whole trade-off, from\n' +
    'nothing in place to everything that is ever touched. The choice is the best there is (docs/plan.md),\n' +
    'and the emulator confirms its RAM. cramfs build SOURCE IMAGE --xip-plan PLAN makes the image; give it\n' +
    'the same options for SOURCE.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runPlanCommand(args, io);
  },
});
