import type { LabEvent } from '../../model/laboratory/entry.js';
import { formatHex } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

const EVENTS = STRINGS.laboratory.events;

/** One event of the machine, in words. */
export function eventText(event: LabEvent, pageSize: number): string {
  switch (event.type) {
    case 'mmap': {
      if (event.path === undefined) return EVENTS.mappedAnonymous;
      const { romPages, length, bailout, lastPageShared } = event;
      const why = bailout ?? (lastPageShared === true ? EVENTS.lastPage : undefined);
      return [
        EVENTS.mapped(romPages, Math.ceil(length / pageSize)),
        ...(why === undefined ? [] : [EVENTS.bailout(why)]),
      ].join('; ');
    }
    case 'munmap':
      return EVENTS.munmap;
    case 'mprotect':
      return EVENTS.mprotect;
    case 'mremap':
      return EVENTS.mremap(formatHex(event.address), formatHex(event.newAddress));
    case 'fork':
      return EVENTS.fork(event.child);
    case 'exec':
      return EVENTS.exec(event.path);
    case 'exit':
      return EVENTS.exit;
    case 'fault': {
      const { kind, address, why, frame } = event;
      const where =
        frame === undefined
          ? ''
          : EVENTS.frame(STRINGS.laboratory.backing[frame.kind], formatHex(frame.pfn * pageSize));
      return EVENTS.fault(kind, formatHex(address), EVENTS.why[why], where);
    }
    case 'signal':
      return EVENTS.signal(event.signal, event.code, formatHex(event.address));
    case 'copy-up':
      return EVENTS.copyUp(event.path);
    case 'fuse-request':
      return EVENTS.fuse(event.request);
    case 'pager':
      return EVENTS.pager(event.made);
    case 'read-folio':
    case 'share-folio':
    case 'unshare-folio':
      return EVENTS.folio[event.type](event.fs, event.index);
  }
}
