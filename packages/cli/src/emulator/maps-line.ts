import { nameToText } from 'cramfs-format';
import type { Look } from '../render/look.js';
import { displayWidth, hangingLine } from '../render/text-width.js';

/**
 * A line as in /proc/PID/maps. If there is no room, drops the blanks that the kernel puts before a path.
 *
 * @param line byte string.
 */
export function mapsLine(line: string, { width }: Look): string {
  const text = nameToText(line).trimEnd();
  if (displayWidth(text) <= width) return `${text}\n`;
  return hangingLine(text.replace(/^((?:\S+ ){5}) +/, '$1'), width);
}
