import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SYSTEM_CALLS } from 'xip-cpu/linux';

const text = readFileSync(join(import.meta.dirname, '../../docs/running.md'), 'utf8');

/** Calls that are another one by an older or a longer name. */
const ALIAS =
  /^(_llseek|fadvise64_64|arm_fadvise64_64|fdatasync|ugetrlimit|fcntl64|sendfile64|f?truncate64|fstat64|fstatat64|\w+32)$/;

test('the table of system calls has all that there are, and no others', () => {
  const section = text.slice(
    text.indexOf('## System calls'),
    text.indexOf('Signals reach handlers'),
  );
  const rows = section
    .split('\n')
    .filter((line) => /^\| [a-z]/.test(line))
    .slice(1);
  const listed = rows.flatMap((row) => row.split('|')[2]!.trim().split(', '));
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.sort()).toEqual(
    [...SYSTEM_CALLS.keys()].filter((name) => !ALIAS.test(name)).sort(),
  );
});
