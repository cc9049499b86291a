import { SyscallError, nodeStat, type Machine } from 'xip-emu';
import { file, type PseudoNode } from './pseudo-fs.js';

/** /proc/vmstat, with the lines that the emulator has a number for. Compare mm/vmstat.c:vmstat_text. */
export function vmstatFile(machine: Machine): PseudoNode {
  return file(() => {
    const { pgfault, pgmajfault, dropPagecache, dropSlab } = machine.vmEvents;
    const events = { drop_pagecache: dropPagecache, drop_slab: dropSlab };
    return Object.entries({ ...nodeStat(machine), pgfault, pgmajfault, ...events })
      .map(([name, value]) => `${name} ${value}\n`)
      .join('');
  });
}

/** /proc/sys/vm/drop_caches, which can be written to only. */
export function dropCachesFile(machine: Machine): PseudoNode {
  return file(
    () => {
      throw new SyscallError('EACCES');
    },
    (text) => {
      const what = Number(text.trim());
      // 4: no more messages about it.
      if (!/^\s*\d+\s*$/.test(text) || what < 1 || what > 4) throw new SyscallError('EINVAL');
      machine.dropCaches(what);
    },
  );
}
