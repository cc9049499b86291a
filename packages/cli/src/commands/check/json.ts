import { nameToText } from 'cramfs-format';
import type { CheckResult } from 'cramfs-reader';
import { blockSizeVotesJson } from '../../render/block-size.js';
import { hex } from '../../render/json.js';
import { verdict } from './verdict.js';

/** @param offset of the image in the file. */
export function resultJson(result: CheckResult, offset: number): unknown {
  const { errors, warnings } = verdict(result);
  const { findings, suppressed, lost, stats } = result;
  return {
    ok: errors === 0,
    offset,
    errors,
    warnings,
    findings: findings.map(({ code, severity, path, offset, message }) => ({
      code,
      severity,
      path: path === undefined ? null : nameToText(path),
      offset: offset ?? null,
      message,
    })),
    suppressed,
    lost: lost.map(nameToText),
    stats:
      stats === undefined
        ? null
        : { ...stats, blockSizeVotes: blockSizeVotesJson(stats), flags: hex(stats.flags) },
  };
}
