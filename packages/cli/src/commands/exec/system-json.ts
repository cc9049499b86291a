import { nameToText } from 'cramfs-format';
import type { KernelBuild, RamPages } from 'xip-emu';
import { kernelJson } from '../../emulator/kernel-text.js';
import { hex, renderJson } from '../../render/json.js';
import { ramBytes } from './explain.js';
import type { SystemExplanation, SystemProgram } from './system.js';

/** The result of `cramfs exec --run --json`; its shape is documented in docs/cli.md. */
export function systemJson(explanation: SystemExplanation, imageOffset: number): string {
  const { question, build, programs, cost, starts, fits } = explanation;
  const { policy, mmu, physAddr, maxRam } = question;
  return renderJson({
    imageOffset,
    policy,
    kernel: kernelJson(build),
    mmu,
    pageSize: build.geometry.size,
    physAddr,
    starts,
    programs: programs.map(programJson),
    shared: cost.shared.map(({ path, ino, processes, romPages, pageCachePages, copyPages }) => ({
      path: path === undefined ? null : nameToText(path),
      inode: ino,
      processes,
      romPages,
      pageCachePages,
      copyPages,
    })),
    regions: cost.regions.map(({ start, end, permissions, path, users, allocation }) => ({
      start: hex(start),
      end: hex(end),
      permissions,
      path: path === undefined ? null : nameToText(path),
      users,
      allocation: allocation ?? null,
    })),
    total: {
      romPages: cost.romPages,
      atStart: totalJson(cost.atStart, build),
      atMost: totalJson(cost.atMost, build),
      pageTablePages: mmu ? cost.pageTablePages : null,
    },
    maxRam: maxRam === undefined ? null : { bytes: maxRam, ok: fits },
  });
}

function programJson({ argv, outcome, failure }: SystemProgram): unknown {
  return {
    pid: outcome?.pid ?? null,
    argv: argv.map(nameToText),
    failure: failure === undefined ? null : nameToText(failure),
    added: outcome?.added ?? null,
  };
}

function totalJson(pages: RamPages, build: KernelBuild): unknown {
  return { ...pages, bytes: ramBytes(pages, build) };
}
