import { CramfsError, nameToText, textToName } from 'cramfs-format';
import type { Profile, TouchedRange } from './profile.js';

const VERSION = 1;

/**
 * The form that all profiles become, as JSON:
 *
 *     {"cramfs-profile": 1, "pageSize": 4096, "kind": "mapped", "files": {"/bin/sh": [[0, 2, 1]]}}
 *
 * Ranges are [first page, number of pages, how often].
 *
 * @throws CramfsError BAD_SOURCE.
 */
export function parseJsonProfile(source: string, text: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(value) || value['cramfs-profile'] !== VERSION) {
    throw bad(`not a profile: it should have "cramfs-profile": ${VERSION}`);
  }
  const { pageSize, kind, files } = value;
  if (!isCount(pageSize) || pageSize < 4096 || !Number.isInteger(Math.log2(pageSize))) {
    throw bad('"pageSize" should be a power of two from 4096 on');
  }
  if (kind !== 'mapped' && kind !== 'cached') throw bad('"kind" should be "mapped" or "cached"');
  if (!isRecord(files)) throw bad('"files" should be an object: ranges by path');
  const parsed = new Map<string, readonly TouchedRange[]>();
  for (const [path, ranges] of Object.entries(files))
    parsed.set(textToName(path), rangesOf(path, ranges));
  return { source, format: 'json', kind, pageSize, files: parsed };
}

function rangesOf(path: string, value: unknown): TouchedRange[] {
  if (!path.startsWith('/')) throw bad(`"${path}" should start with a slash`);
  if (!Array.isArray(value)) throw bad(`"${path}" should have an array of ranges`);
  let end = 0;
  return value.map((range: unknown): TouchedRange => {
    const [first, pages, count = 1] = Array.isArray(range) ? (range as unknown[]) : [];
    if (!isCount(first) || !isCount(pages) || !isCount(count) || pages === 0) {
      throw bad(`"${path}" should have ranges of [first page, pages, count]`);
    }
    if (first < end) throw bad(`"${path}": ranges should ascend, without pages in common`);
    end = first + pages;
    return { first, pages, count };
  });
}

/** Writes what {@link parseJsonProfile} reads. */
export function formatJsonProfile({ kind, pageSize, files }: Profile): string {
  const lines = [...files].map(([path, ranges]) => {
    const all = ranges.map(({ first, pages, count }) => `[${first}, ${pages}, ${count}]`);
    return `    ${JSON.stringify(nameToText(path))}: [${all.join(', ')}]`;
  });
  return [
    '{',
    `  "cramfs-profile": ${VERSION},`,
    `  "pageSize": ${pageSize},`,
    `  "kind": "${kind}",`,
    '  "files": {',
    lines.join(',\n'),
    '  }',
    '}',
    '',
  ].join('\n');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function bad(message: string): CramfsError {
  return new CramfsError('BAD_SOURCE', message);
}
