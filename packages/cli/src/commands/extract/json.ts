import { nameToText } from 'cramfs-format';
import type { ExtractReport } from 'cramfs-reader/node';
import { renderJson } from '../../render/json.js';

/**
 * The result of `cramfs extract --json`; its shape is documented in docs/cli.md.
 *
 * @param offset of the image in the file.
 */
export function extractJson({ problems, ...counts }: ExtractReport, offset: number): string {
  return renderJson({
    offset,
    ...counts,
    problems: problems.map(({ severity, path, offset: at, code, message }) => ({
      severity,
      path: path === undefined ? null : nameToText(path),
      offset: at ?? null,
      code,
      message,
    })),
  });
}
