import { describe, expect, test } from 'vitest';
import { PLAIN, type Look } from './look.js';
import { renderFields, renderTable, type Column } from './table.js';

const columns: readonly Column[] = [
  { title: 'FILE', fit: 'cut' },
  { title: 'PAGES', align: 'right', color: (pages) => (pages === '3' ? 'green' : undefined) },
  { title: 'NOTE' },
  { title: 'REASON', fit: 'wrap' },
];
const rows = [
  ['/a/rather/long/path/of/a/file', '12', '', 'last page is shared with the data of another file'],
  ['/héllo', '3', '', ''],
];

function terminal(width: number, color = false): Look {
  return { width, color };
}

describe('a table on a terminal', () => {
  test('stays as it is where it fits', () => {
    expect(renderTable(columns, rows, terminal(100))).toBe(renderTable(columns, rows, PLAIN));
  });

  test('loses empty columns; then reasons are wrapped, then paths lose their start', () => {
    expect(renderTable(columns, rows, terminal(66))).toBe(
      [
        'FILE                           PAGES  REASON',
        '/a/rather/long/path/of/a/file     12  last page is shared with the',
        '                                      data of another file',
        '/héllo                             3',
        '',
      ].join('\n'),
    );
    expect(renderTable(columns, rows, terminal(58))).toBe(
      [
        'FILE                       PAGES  REASON',
        '…ther/long/path/of/a/file     12  last page is shared with',
        '                                  the data of another file',
        '/héllo                         3',
        '',
      ].join('\n'),
    );
  });

  test('continues below, indented, where columns have no room beside each other', () => {
    expect(renderTable(columns, rows, terminal(36))).toBe(
      [
        'FILE                           PAGES',
        '    REASON',
        '/a/rather/long/path/of/a/file     12',
        '    last page is shared with the',
        '    data of another file',
        '/héllo                             3',
        '',
      ].join('\n'),
    );
  });

  test('has shorter words where it has to be narrower', () => {
    const table: readonly Column[] = [
      { title: 'NAME' },
      { title: 'TAIL', short: { 'zero-padded': 'zeros' } },
      { title: 'END' },
    ];
    const cells = [['a', 'zero-padded', 'x']];
    expect(renderTable(table, cells, terminal(22))).toBe(
      'NAME  TAIL         END\na     zero-padded  x\n',
    );
    expect(renderTable(table, cells, terminal(21))).toBe('NAME  TAIL   END\na     zeros  x\n');
  });

  test('breaks words that are longer than a line', () => {
    expect(renderFields([['name', 'abcdefghij klm']], terminal(9))).toBe(
      'name:\n    abcde\n    fghij\n    klm\n',
    );
  });

  test('colours do not count in the width', () => {
    const plain = renderTable(columns, rows, terminal(36));
    const colored = renderTable(columns, rows, terminal(36, true));
    expect(colored).toBe(plain.replace(/3$/m, '\u001b[32m3\u001b[39m'));
  });
});
