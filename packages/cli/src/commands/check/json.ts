import { nameToText } from 'cramfs-format';
import type { CheckResult } from 'cramfs-reader';
import { blockSizeVotesJson } from '../../render/block-size.js';
import { hex, renderJson } from '../../render/json.js';
import { verdict } from './verdict.js';

/**
 * The result of `cramfs check --json`; its shape is documented in docs/cli.md.
 *
 * @param offset of the image in the file.
 */
export function checkJson(result: CheckResult, offset: number): string {
  const { errors, warnings } = verdict(result);
  const { findings, suppressed, lost, stats } = result;
  return renderJson({
    ok: errors === 0,
    offset,
    errors,
    warnings,
    findings: findings.map(({ code, severity, path, offset: at, message }) => ({
      code,
      severity,
      path: path === undefined ? null : nameToText(path),
      offset: at ?? null,
      message,
    })),
    suppressed,
    lost: lost.map(nameToText),
    stats:
      stats === undefined
        ? null
        : { ...stats, blockSizeVotes: blockSizeVotesJson(stats), flags: hex(stats.flags) },
  });
}
