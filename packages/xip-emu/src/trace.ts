import type { Signal, SignalCode } from './errno.js';
import type { Address, Pfn, Pgoff } from './units.js';

/** Why a fault ended as it did. */
export type FaultReason =
  /** The page of the file, from the page cache (read into it if it was not there). */
  | 'demand'
  /** A neighbour of a faulting page that was already in the page cache. */
  | 'fault-around'
  /** A new page of zeros. */
  | 'anonymous'
  /** A load from memory that nobody has written to yet. */
  | 'zero-page'
  /** A private copy of a page of the file, ROM or another process. */
  | 'cow'
  /** A first store to a page that stays: only the entry changes. */
  | 'write-enable'
  /** The fault handler split the area (the v3 patch). */
  | 'split';

/** Where a page is. */
export type FramePlace =
  | { readonly kind: 'rom'; readonly pfn: Pfn; readonly romOffset: number }
  /** `absent`: a bus address that nothing answers. */
  | {
      readonly kind: 'page-cache' | 'anonymous' | 'zero' | 'absent';
      readonly pfn: Pfn;
    };

/** What the machine did. Addresses and lengths are bytes, pages of files indexes. */
export type TraceEvent =
  | {
      readonly type: 'mmap';
      readonly pid: number;
      readonly address: Address;
      readonly length: number;
      /** PROT_* and MAP_*. */
      readonly prot: number;
      readonly flags: number;
      /** Byte string; undefined for anonymous memory. */
      readonly path: string | undefined;
      readonly pgoff: Pgoff;
      /** Pages that are in ROM from the start. */
      readonly romPages: number;
      /** The kernel's reason if no page is mapped directly from a file in ROM: `vma is writable`, … */
      readonly bailout?: string;
      /** True if the last page is not direct because it holds other data after the file's end. */
      readonly lastPageShared?: boolean;
    }
  | {
      readonly type: 'munmap';
      readonly pid: number;
      readonly address: Address;
      readonly length: number;
    }
  | {
      readonly type: 'mprotect';
      readonly pid: number;
      readonly address: Address;
      readonly length: number;
      readonly prot: number;
    }
  | {
      readonly type: 'mremap';
      readonly pid: number;
      readonly address: Address;
      readonly oldLength: number;
      /** The same as `address` unless it moved. */
      readonly newAddress: Address;
      readonly newLength: number;
    }
  | { readonly type: 'fork'; readonly pid: number; readonly child: number }
  | {
      /** The old memory is gone; the mappings of the program follow. */
      readonly type: 'exec';
      readonly pid: number;
      /** The path given to execve(); a byte string. */
      readonly path: string;
    }
  | { readonly type: 'exit'; readonly pid: number }
  | {
      readonly type: 'fault';
      readonly pid: number;
      readonly kind: 'read' | 'write' | 'exec';
      /** The address accessed; for a neighbour the start of its page. */
      readonly address: Address;
      readonly why: FaultReason;
      /** What the entry points to afterwards; undefined after a mere split. */
      readonly frame: FramePlace | undefined;
    }
  | {
      readonly type: 'signal';
      readonly pid: number;
      readonly signal: Signal;
      readonly code: SignalCode;
      readonly address: Address;
    }
  | {
      readonly type: 'copy-up';
      /** The path from the overlay's root, with a leading slash; a byte string. */
      readonly path: string;
      /** Bytes. */
      readonly size: number;
    }
  | {
      /** The kernel has asked the server of a FUSE file system. */
      readonly type: 'fuse-request';
      /** Name of the handler. */
      readonly request: string;
      /** The server's number of the file or directory. */
      readonly node: number;
    }
  | {
      /** A file of a tarfs got its pager on its first map, or lost it with the last. */
      readonly type: 'pager';
      readonly fs: string;
      readonly ino: number;
      readonly made: boolean;
    }
  | {
      /**
       * A page entered the page cache: read, or shared with a file that has the same extent, or
       * copied from a shared page for a write.
       */
      readonly type: 'read-folio' | 'share-folio' | 'unshare-folio';
      /** Type of the file system. */
      readonly fs: string;
      readonly ino: number;
      readonly index: Pgoff;
    };

/** The event log of a machine: off, at no cost, until somebody sets `sink`. */
export class Trace {
  /** Called with each event, after it happened; must not use the machine. */
  sink: ((event: TraceEvent) => void) | undefined = undefined;
}
