import { expect, test } from 'vitest';
import { renderTable, type Column } from './table.js';

const columns: readonly Column[] = [
  { title: 'FILE', fit: 'cut' },
  { title: 'PAGES', align: 'right' },
  { title: 'REASON', fit: 'wrap' },
];
const rows = [
  ['/a/rather/long/path/of/a/file', '12', 'last page is shared with the data of another file'],
  ['/héllo', '3', ''],
];

test('a table that fits stays as it is', () => {
  expect(renderTable(columns, rows, 90)).toBe(renderTable(columns, rows));
});

test('reasons are wrapped first; then paths lose their start', () => {
  expect(renderTable(columns, rows, 64)).toBe(
    [
      'FILE                           PAGES  REASON',
      '/a/rather/long/path/of/a/file     12  last page is shared with',
      '                                      the data of another file',
      '/héllo                             3',
      '',
    ].join('\n'),
  );
  expect(renderTable(columns, rows, 46)).toBe(
    [
      'FILE                   PAGES  REASON',
      '…/long/path/of/a/file     12  last page is',
      '                              shared with the',
      '                              data of another',
      '                              file',
      '/héllo                     3',
      '',
    ].join('\n'),
  );
});
