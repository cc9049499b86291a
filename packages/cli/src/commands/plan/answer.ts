import type {
  CurvePoint,
  DescribedPart,
  DescribedRefusal,
  NamedPoint,
  NextStep,
  PlannedChoice,
  Planner,
  ProgramPoint,
  Workload,
} from 'cramfs-planner';
import type { RamPages } from 'xip-emu';

/** What `cramfs plan` has found. */
export interface PlanAnswer {
  readonly planner: Planner;
  readonly workload: Workload;
  readonly budget: { readonly flash: number } | { readonly ram: number } | undefined;
  /** Undefined without a budget. */
  readonly choice: PlannedChoice | undefined;
  /** The parts of the choice; without one, those of the least possible RAM. */
  readonly parts: readonly DescribedPart[];
  readonly refusals: readonly DescribedRefusal[];
  readonly next: NextStep | undefined;
  readonly curve: readonly CurvePoint[];
  readonly named: readonly NamedPoint[];
  readonly programs: readonly ProgramPoint[];
  /** What the emulator says about the choice, or about the least RAM. */
  readonly confirmed: { readonly ram: RamPages; readonly romPages: number };
}
