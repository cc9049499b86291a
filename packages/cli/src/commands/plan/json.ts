import { nameToText } from 'cramfs-format';
import { flagsText, type DescribedPart, type Profile } from 'cramfs-planner';
import { renderJson } from '../../render/json.js';
import type { PlanAnswer } from './answer.js';

/** The answer as JSON; docs/cli.md has the shape. */
export function planJson(answer: PlanAnswer): string {
  const { planner, workload, budget, choice, parts, refusals, next, curve, named, programs } =
    answer;
  const { survey } = planner;
  return renderJson({
    kernel: survey.mmu ? 'mmu' : 'nommu',
    pageSize: survey.blockSize,
    workload: {
      runs: workload.runs.map(({ count, argv }) => ({ count, argv: argv.map(nameToText) })),
      touched: workload.touched,
      profiles: workload.profiles.map(profileJson),
    },
    exact: planner.isExact,
    budget: budget ?? null,
    choice:
      choice === undefined
        ? null
        : { flash: choice.flash, ram: choice.ram, gap: choice.solution.gap },
    confirmed: answer.confirmed,
    parts: parts.map(partJson),
    refusals: refusals.map(({ message, pages, paths }) => ({
      message,
      pages,
      paths: paths.map(nameToText),
    })),
    next: next ?? null,
    named,
    programs: programs.map(({ argv, ...point }) => ({ argv: argv.map(nameToText), ...point })),
    curve,
  });
}

function profileJson(profile: Profile): unknown {
  const { source, format, kind, pageSize, faultAround, files, atLeast } = profile;
  return {
    source: nameToText(source),
    format,
    kind,
    pageSize,
    faultAround: faultAround ?? null,
    files: files.size,
    atLeast: atLeast.size,
  };
}

function partJson({ path, equal, flags, ...figures }: DescribedPart): unknown {
  return {
    path: nameToText(path),
    equal: equal.map(nameToText),
    part: flagsText(flags),
    ...figures,
  };
}
