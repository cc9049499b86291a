import { nameToText } from 'cramfs-format';
import type { AreaReport } from 'xip-emu';
import { hex } from '../render/json.js';

/** What JSON results say about an area. */
export function areaJson(area: AreaReport): unknown {
  const { start, end, permissions, offset, ino, path, vmFlags, counts } = area;
  return {
    start: hex(start),
    end: hex(end),
    permissions,
    offset,
    inode: ino ?? null,
    path: path === undefined ? null : nameToText(path),
    vmFlags: vmFlags ?? null,
    rss: counts?.rss ?? null,
    anonymous: counts?.anonymous ?? null,
  };
}
