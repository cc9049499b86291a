import { answerCheck } from './check.js';
import { answerFlashDetail, answerFlashMap } from './flash.js';
import { answerCompare, answerPlaces } from './compare.js';
import { answerFile, answerHex } from './file.js';
import { answerSearch, answerTree } from './tree.js';
import {
  answerLaboratory,
  answerLaboratoryExport,
  answerLaboratoryImport,
  kernelChoices,
} from './laboratory.js';
import { openFile } from './open.js';
import { answerPlan, answerPlanBudget, answerPlanText } from './plan.js';
import { answerProgram, answerProgramRun, answerPrograms } from './program.js';
import type { Workspace } from './workspace.js';

/**
 * Everything that the page can ask the worker: a line for each question. Parameters and answers are
 * plain data that structured cloning can copy.
 */
export const REQUESTS = {
  open: openFile,
  check: answerCheck,
  'flash-map': answerFlashMap,
  'flash-detail': answerFlashDetail,
  tree: answerTree,
  search: answerSearch,
  file: answerFile,
  hex: answerHex,
  'kernel-choices': kernelChoices,
  laboratory: answerLaboratory,
  'laboratory-export': answerLaboratoryExport,
  'laboratory-import': answerLaboratoryImport,
  programs: answerPrograms,
  program: answerProgram,
  'program-run': answerProgramRun,
  plan: answerPlan,
  'plan-budget': answerPlanBudget,
  'plan-text': answerPlanText,
  compare: answerCompare,
  places: answerPlaces,
} as const satisfies Record<string, Handler>;

/** @param signal aborted when the answer is no longer needed. */
type Handler = (workspace: Workspace, parameters: never, signal: AbortSignal) => unknown;

type Requests = typeof REQUESTS;
export type RequestName = keyof Requests;
export type Parameters<Name extends RequestName> = Requests[Name] extends (
  workspace: Workspace,
  parameters: infer P,
  signal: AbortSignal,
) => unknown
  ? P
  : never;
export type Answer<Name extends RequestName> = Awaited<ReturnType<Requests[Name]>>;
