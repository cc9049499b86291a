import { answerCheck } from './check.js';
import { answerFlashDetail, answerFlashMap } from './flash.js';
import { answerFile, answerHex } from './file.js';
import { openFile } from './open.js';
import { answerSearch, answerTree } from './tree.js';
import { exportLaboratory, importLaboratory, kernelChoices, laboratory } from './laboratory.js';
import { openFile } from './open.js';
import { plan, planBudget, planText } from './plan.js';
import { program, programs } from './program.js';
import type { Workspace } from './workspace.js';

/**
 * Everything that the page can ask of the worker: a line for each question. Parameters and answers are
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
  kernelChoices,
  laboratory,
  exportLaboratory,
  importLaboratory,
  programs,
  program,
  plan,
  planBudget,
  planText,
} as const satisfies Record<string, Handler>;

type Handler = (workspace: Workspace, parameters: never) => unknown;

type Requests = typeof REQUESTS;
export type RequestName = keyof Requests;
export type Parameters<Name extends RequestName> = Requests[Name] extends (
  workspace: Workspace,
  parameters: infer P,
) => unknown
  ? P
  : never;
export type Answer<Name extends RequestName> = Awaited<ReturnType<Requests[Name]>>;
