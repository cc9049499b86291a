import { oneOf } from '../shell/options.js';
import { LEAVES } from './leaves.js';
import type { SourceArguments } from './options.js';
import type { SourceRequest } from './request.js';
import { endiannessOf, parseModeRule, parseOwnerRule } from './rules.js';

/** What a command line says about the tree and the image, except XIP. @throws UsageError, CramfsError. */
export function sourceRequest(
  args: SourceArguments,
): Omit<SourceRequest, 'output' | 'filePatterns' | 'idle' | 'listAll'> {
  const { edition, name, workers, insert } = args;
  const blockSize = args['page-size'];
  return {
    source: args.operands[0]!,
    image: {
      endianness: args.B ? 'big' : args.L ? 'little' : endiannessOf(args.endian ?? 'little'),
      pad: args.pad,
      holes: args.holes,
      effort: args.best ? 'best' : 'default',
      ...(blockSize === undefined ? {} : { blockSize }),
      ...(name === undefined ? {} : { volumeName: name }),
      ...(edition === undefined ? {} : { edition }),
    },
    insert,
    deviceTables: args['device-table'],
    squash: args.squash,
    owners: args.owner.map(parseOwnerRule),
    modes: args.mode.map(parseModeRule),
    exclude: args.exclude,
    excludeFrom: args['exclude-from'],
    allow: new Set(args.allow.map(oneOf('--allow', LEAVES))),
    workers,
  };
}
