import { plural } from 'cramfs-format';
import type { CheckResult, Finding } from 'cramfs-reader';

export interface Verdict {
  readonly errors: number;
  readonly warnings: number;
  /** `OK`, or how many there are. */
  readonly text: string;
}

/** Counts all findings, even those left out because there are too many of their code. */
export function verdict({ findings, suppressed }: CheckResult): Verdict {
  const severities = new Map(findings.map(({ code, severity }) => [code, severity] as const));
  const count = (wanted: Finding['severity']): number => {
    const shown = findings.filter(({ severity }) => severity === wanted).length;
    return Object.entries(suppressed).reduce(
      (sum, [code, more]) => sum + (severities.get(code as Finding['code']) === wanted ? more : 0),
      shown,
    );
  };
  const errors = count('error');
  const warnings = count('warning');
  const parts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  const counts = parts.join(', ');
  const text = errors > 0 ? counts : warnings > 0 ? `OK, but ${counts}` : 'OK';
  return { errors, warnings, text };
}
