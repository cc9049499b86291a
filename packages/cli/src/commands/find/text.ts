import { nameToText } from 'cramfs-format';
import type { Look } from '../../render/look.js';
import { hex } from '../../render/json.js';
import { renderTable, type Column } from '../../render/table.js';
import { printable } from '../../shell/report-error.js';
import type { Find } from './finds.js';

const COLUMNS: readonly Column[] = [
  { title: 'IMAGE', align: 'right' },
  { title: 'OFFSET', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'ORDER' },
  { title: 'DIALECT' },
  { title: 'CRC' },
  { title: 'NAME' },
  { title: 'IN', fit: 'wrap' },
];

/** A line for each image; nothing if there is none. */
export function findText(finds: readonly Find[], withFile: boolean, look: Look): string {
  if (finds.length === 0) return '';
  const rows = finds.map((find) => {
    const { offset, size, endianness, dialect, crc, name } = find.found;
    return [
      String(find.number),
      hex(offset),
      String(size),
      endianness,
      dialect,
      crc,
      nameToText(name),
      places(find, withFile),
    ];
  });
  return renderTable(COLUMNS, rows, look);
}

/** `fw.bin gzip 0x40 uImage "rootfs"` */
function places({ file, found: { inside, uImage } }: Find, withFile: boolean): string {
  return [
    ...(withFile ? [printable(file)] : []),
    ...inside.map(({ kind, offset }) => `${kind} ${hex(offset)}`),
    ...(uImage === undefined ? [] : [`uImage "${printable(uImage)}"`]),
  ].join(' ');
}
