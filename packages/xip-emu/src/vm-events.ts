/** What a kernel counts: those of /proc/vmstat's events that the emulator has. Compare mm/vmstat.c. */
export class VmEvents {
  /** Faults that were handled, of programs and of the kernel on their behalf. */
  pgfault = 0;
  /** Faults that have read a page of a file into the page cache. */
  pgmajfault = 0;
  /** Writes to /proc/sys/vm/drop_caches. */
  dropPagecache = 0;
  dropSlab = 0;
}
