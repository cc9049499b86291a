import { nameToText } from 'cramfs-format';
import type { TraceEvent } from 'xip-emu';
import { areaJson } from '../../emulator/area-json.js';
import { kernelJson } from '../../emulator/kernel-text.js';
import { hex, renderJson } from '../../render/json.js';
import type { MmapExplanation, TouchResult } from './explain.js';
import { protText } from './text.js';

/** The result of `cramfs mmap --json`; its shape is documented in docs/cli.md. */
export function mmapJson(explanation: MmapExplanation, imageOffset: number): string {
  const { question, build, address, failure, areas, pages, account, reason } = explanation;
  const { path, policy, mmu, physAddr, length, prot, shared, offset } = question;
  return renderJson({
    imageOffset,
    path: nameToText(path),
    policy,
    kernel: kernelJson(build),
    mmu,
    pageSize: build.geometry.size,
    physAddr,
    request: { length, prot: protText(prot), shared, offset },
    address: address === undefined ? null : hex(address),
    failure: failure === undefined ? null : { code: failure.code ?? null, reason: failure.reason },
    areas: areas.map(areaJson),
    pages: pages.map(({ backing, physical }, page) => ({
      page,
      backing,
      physical: physical === undefined ? null : hex(physical),
    })),
    events: explanation.events.map(eventJson),
    touches: explanation.touches.map(touchJson),
    ram: {
      bytes: account.ramBytes,
      pageCachePages: account.pageCachePages,
      anonymousPages: account.anonymousPages,
    },
    rom: { pages: account.romPages, savedBytes: account.savedBytes },
    sharing: { savedBytes: account.sharingSavedBytes },
    reason: reason ?? null,
  });
}

function touchJson({ page, write, value, signal, unknown, events }: TouchResult) {
  return {
    page,
    write,
    value: value ?? null,
    signal: signal ?? null,
    unknown: unknown ?? null,
    events: events.map(eventJson),
  };
}

/** An event with its byte strings as text; a mapping always has its reasons, even if there are none. */
function eventJson(event: TraceEvent): unknown {
  const named =
    'path' in event && event.path !== undefined
      ? { ...event, path: nameToText(event.path) }
      : event;
  if (event.type !== 'mmap') return named;
  const { bailout = null, lastPageShared = false } = event;
  return { ...named, bailout, lastPageShared };
}
