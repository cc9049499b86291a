import { nameToText } from 'cramfs-format';
import type { ExplainedObject, KernelBuild, RamPages } from 'xip-emu';
import { areaJson } from '../../emulator/area-json.js';
import { segmentFlags } from '../../render/segment.js';
import { hex, renderJson } from '../../render/json.js';
import { kernelJson } from '../../emulator/kernel-text.js';
import { ramBytes, type ExecExplanation } from './explain.js';

/** The result of `cramfs exec --json`; its shape is documented in docs/cli.md. */
export function execJson(explanation: ExecExplanation, imageOffset: number): string {
  const { question, build, failure, cost, objects, starts, fits } = explanation;
  const { path, argv, policy, mmu, physAddr, maxRam } = question;
  return renderJson({
    imageOffset,
    path: nameToText(path),
    argv: argv.map(nameToText),
    policy,
    kernel: kernelJson(build),
    mmu,
    pageSize: build.geometry.size,
    physAddr,
    failure: failure === undefined ? null : { code: failure.code ?? null, reason: failure.reason },
    starts,
    loader: cost?.started.loader ?? null,
    missing: (cost?.started.missing ?? []).map(({ name, neededBy, reason }) => ({
      name: nameToText(name),
      neededBy: nameToText(neededBy.path),
      reason: nameToText(reason),
    })),
    killed: cost?.started.killed ?? null,
    objects: objects.map(objectJson),
    areas: (cost?.areas ?? []).map(areaJson),
    total:
      cost === undefined
        ? null
        : {
            romPages: cost.romPages,
            atStart: totalJson(cost.atStart, build),
            atMost: totalJson(cost.atMost, build),
            loaderPages: cost.loaderMemory,
            stackPages: cost.stack.private,
            otherCachePages: cost.otherCache,
            sharedCopyPages: mmu ? null : cost.sharedCopyPages,
            pageTablePages: mmu ? cost.pageTablePages : null,
          },
    maxRam: maxRam === undefined ? null : { bytes: maxRam, ok: fits },
  });
}

function totalJson(pages: RamPages, build: KernelBuild): unknown {
  return { ...pages, bytes: ramBytes(pages, build) };
}

function objectJson(explained: ExplainedObject): unknown {
  const { object, segments, reasons, romPages, atStart, atMost } = explained;
  const { path, name, role, elf, neededBy } = object;
  return {
    path: nameToText(path),
    name: nameToText(name),
    role,
    neededBy: neededBy === undefined ? null : nameToText(neededBy.path),
    class: elf?.elfClass ?? null,
    romPages,
    atStart,
    atMost,
    segments: segments.map((segment, index) => ({
      flags: segmentFlags(segment.flags),
      offset: segment.offset,
      filesz: segment.filesz,
      memsz: segment.memsz,
      address: hex(segment.address),
      pages: segment.pages,
      romPages: segment.romPages,
      reason: reasons[index] ?? null,
    })),
  };
}
