import { parseProfile } from 'cramfs-planner';
import { expect, test } from 'vitest';
import { readDocument, section } from './markdown.js';

test('the JSON form of profiles is as the document shows it', () => {
  const text = section(readDocument('plan.md'), 'The JSON form');
  const [, example] = /```json\n(.*?)```/s.exec(text)!;
  const { kind, pageSize, faultAround, files, atLeast } = parseProfile(example!, 'plan.md');
  expect({ kind, pageSize, faultAround }).toEqual({
    kind: 'mapped',
    pageSize: 4096,
    faultAround: 65536,
  });
  expect([...files]).toEqual([
    [
      '/bin/busybox',
      [
        { first: 0, pages: 3, count: 2 },
        { first: 17, pages: 1, count: 1 },
      ],
    ],
  ]);
  expect([...atLeast]).toEqual([['/lib/libc.so', 40]]);
  for (const field of ['version', 'kind', 'pageSize', 'faultAround', 'touched', 'atLeast']) {
    expect(text).toContain(`| \`${field}\``);
  }
});
