import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { readDocument, section, table } from './markdown.js';

const DOCUMENT = readDocument('emulator.md');
const TRACE = readFileSync(createRequire(import.meta.url).resolve('#xip-emu/trace.js'), 'utf8');

describe('the manual of the emulator', () => {
  test('lists all events', () => {
    const fields = [...TRACE.matchAll(/readonly type: ([^;]+);/g)].map(([, types]) => types!);
    const types = fields.flatMap((field) => field.split(' | ').map((type) => type.slice(1, -1)));
    const rows = table(section(DOCUMENT, 'The event log'));
    expect(rows.map((row) => row['`type`']).sort()).toEqual(
      types.map((type) => `\`${type}\``).sort(),
    );
  });
});
