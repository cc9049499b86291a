/** An area as /proc/PID/maps and smaps show it. Addresses and the offset are bytes. */
export interface ProcArea {
  readonly start: number;
  readonly end: number;
  /** `r-xp` */
  readonly permissions: string;
  readonly offset: number;
  /** A byte string; undefined if no file is mapped. */
  readonly path: string | undefined;
}

/**
 * Compare fs/proc/task_mmu.c:show_map_vma() and task_nommu.c:nommu_vma_show(). Addresses of 64 bits end in
 * zeros, so numbers hold them.
 */
const AREA =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][psS]) ([0-9a-f]{1,16}) [0-9a-f]+:[0-9a-f]+ \d+(?: +(.*))?$/;

/**
 * Parses the line of an area.
 *
 * @param line one character per byte.
 * @returns undefined if it is something else.
 */
export function parseProcArea(line: string): ProcArea | undefined {
  const [, start, end, permissions, offset, name = ''] = AREA.exec(line) ?? [];
  if (start === undefined) return undefined;
  const area = {
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end!, 16),
    permissions: permissions!,
    offset: Number.parseInt(offset!, 16),
    // The kernel escapes only newlines in names: seq_path(m, path, "
    // ").
    path: name.startsWith('/') ? name.replaceAll('\\012', '\n') : undefined,
  };
  return area.end > area.start ? area : undefined;
}

/**
 * True for an area of a file that may be in place: pages touched through a writable area are in RAM anyway.
 */
export interface ReadOnlyArea extends ProcArea {
  readonly path: string;
}

export function isReadOnlyFile(area: ProcArea): area is ReadOnlyArea {
  return area.path !== undefined && area.permissions[1] !== 'w';
}
