import { FINDING_CODES, type FindingCode, type Severity } from './codes.js';

/** Something a check has found. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The path it is about, as a byte string (`/` for the root); none if it is about the whole image. */
  readonly path: string | undefined;
  /** Image offset in bytes of the cause. */
  readonly offset: number | undefined;
  readonly message: string;
}

/** Where a finding belongs; the path is only made when the finding is kept. */
export interface Place {
  readonly path?: string | (() => string) | undefined;
  readonly offset?: number | undefined;
}

/**
 * Collects findings, at most `limit` of each code, so that an image of garbage fills neither the memory nor
 * the screen. The first ones win; what is dropped is counted.
 */
export class FindingList {
  private readonly findings: Finding[] = [];
  private readonly counts = new Map<FindingCode, number>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** @param severity in place of the code's own. */
  add(
    code: FindingCode,
    message: string | (() => string),
    place: Place = {},
    severity: Severity = FINDING_CODES[code].severity,
  ): void {
    const count = (this.counts.get(code) ?? 0) + 1;
    this.counts.set(code, count);
    if (count > this.limit) return;
    const { path, offset } = place;
    this.findings.push({
      code,
      severity,
      path: typeof path === 'function' ? path() : path,
      offset,
      message: typeof message === 'function' ? message() : message,
    });
  }

  has(code: FindingCode): boolean {
    return this.counts.has(code);
  }

  /** Findings that were dropped, by code. */
  suppressed(): Partial<Record<FindingCode, number>> {
    const dropped: Partial<Record<FindingCode, number>> = {};
    for (const [code, count] of this.counts) {
      if (count > this.limit) dropped[code] = count - this.limit;
    }
    return dropped;
  }

  /** All findings by image offset, those without one first. */
  sorted(): Finding[] {
    const at = (finding: Finding): number => finding.offset ?? -1;
    return [...this.findings].sort((a, b) => at(a) - at(b));
  }
}
