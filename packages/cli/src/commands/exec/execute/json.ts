import { nameToText } from 'cramfs-format';
import { hex, renderJson } from '../../../render/json.js';
import { segmentFlags } from '../../../render/segment.js';
import type { FileReport, PartUse, RunReport } from './report.js';

/** The report of `cramfs exec --run --json`; its shape is documented in docs/cli.md. */
export function reportJson(report: RunReport): string {
  const { path, argv, end, files, faults, pageSize, timeline, anonymous } = report;
  return renderJson({
    imageOffset: report.imageOffset,
    path: nameToText(path),
    argv: argv.map(nameToText),
    end: endJson(end),
    instructions: report.instructions,
    seconds: report.seconds,
    pageSize,
    romPages: report.romPages,
    mostRamPages: report.mostRamPages,
    files: files.map(fileJson),
    anonymous,
    timeline,
    faultCount: report.faultCount,
    faults: faults.map(({ pc, address, place, ...fault }) => ({
      ...fault,
      pc: hex(pc),
      address: hex(address),
      place: place ?? null,
    })),
    problems: report.problems.map(nameToText),
  });
}

function endJson(end: RunReport['end']) {
  if (end.kind === 'deadlock') return { ...end, waits: end.waits.map(nameToText) };
  if (end.kind !== 'diagnosis') return end;
  return { ...end, program: nameToText(end.program), pc: hex(end.pc) };
}

function fileJson({ path, parts }: FileReport) {
  return { path: nameToText(path), parts: parts.map(partJson) };
}

function partJson({ segment, ...use }: PartUse) {
  const own =
    segment === undefined
      ? null
      : { offset: segment.offset, filesz: segment.filesz, flags: segmentFlags(segment.flags) };
  return { segment: own, ...use };
}
