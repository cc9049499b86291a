export { Planner, type CurvePoint, type PlanRequest, type PlannedChoice } from './planner.js';
export {
  checkPageSize,
  fitPlan,
  type FitOptions,
  type FittedPlan,
  type PlanChange,
} from './plan-file/fit-plan.js';
export { curveSvg, type CurveDrawing } from './curve-svg.js';
export {
  describeParts,
  describeRefusals,
  namedPoints,
  nextStep,
  programPoints,
  type DescribedPart,
  type DescribedRefusal,
  type NamedPoint,
  type NextStep,
  type ProgramPoint,
} from './describe.js';
export type { PlanLine, XipPlan } from './plan-file/plan.js';
export { flagsText, formatPlan, parsePlan } from './plan-file/text.js';
export { formatProfile, parseProfile } from './profile/json-form.js';
export { ProfileTree, type PlacedProfile, type ProfileProblem } from './profile/place-profile.js';
export { parseProcArea, type ProcArea } from './profile/proc-maps.js';
export {
  mayHaveNeighbours,
  type Profile,
  type ProfileFormat,
  type TouchKind,
  type TouchedRange,
} from './profile/profile.js';
export { readProfiles, type ProfileFile } from './profile/read-profiles.js';
export { unionProfiles } from './profile/union-profiles.js';
export type { Choice, Item } from './solver/item.js';
export { TradeOff, type Solution, type TradeOffPoint } from './solver/trade-off.js';
export type { SectionItem } from './workload/gains.js';
export type { SectionChoice } from './workload/section-choice.js';
export type { InodePages } from './workload/observe.js';
export { MAX_PROGRAMS, parseRun, runLines } from './workload/parse-runs.js';
export { runWorkload, type WorkloadRun } from './workload/run-workload.js';
export {
  totalPages,
  type PlanKernel,
  type ProgramRuns,
  type Workload,
} from './workload/workload.js';
