import { nameToText } from 'cramfs-format';
import type { CheckResult, Severity } from 'cramfs-reader';

/** Something that a check has found, as the page shows it. */
export interface ShownFinding {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly offset: number | undefined;
  /** A byte string to link to, and text to show. */
  readonly path: string | undefined;
  readonly pathText: string | undefined;
}

export interface ShownCheck {
  readonly findings: readonly ShownFinding[];
  /** Findings that are not shown, because there are too many like them. */
  readonly suppressed: number;
}

export function shownCheck({ findings, suppressed }: CheckResult): ShownCheck {
  return {
    findings: findings.map(({ code, severity, message, offset, path }) => ({
      code,
      severity,
      message,
      offset,
      path,
      pathText: path === undefined ? undefined : nameToText(path),
    })),
    suppressed: Object.values(suppressed).reduce((sum, count) => sum + count, 0),
  };
}
