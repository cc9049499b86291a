import {
  planChoice,
  planFile,
  planOverview,
  type PlanChoice,
  type PlanOverview,
} from '../model/plan/answer.js';
import { preparePlan, type PlanRequest, type PreparedPlan } from '../model/plan/prepare.js';
import { notMounted } from './program.js';
import type { ViewedImage, Workspace } from './workspace.js';

export interface PlanParameters extends PlanRequest {
  readonly image: number;
}

export interface BudgetParameters extends PlanParameters {
  /** Bytes that the image may have. */
  readonly budget: number;
}

/** The last plan of each image. */
const plans = new WeakMap<
  ViewedImage,
  { readonly key: string; readonly prepared: Promise<PreparedPlan> }
>();

/** The trade-off. The first answer takes as long as compressing the image does. */
export async function answerPlan(
  workspace: Workspace,
  parameters: PlanParameters,
): Promise<PlanOverview> {
  return planOverview(await preparedFor(workspace, parameters));
}

/** The best choice for a budget. */
export async function answerPlanBudget(
  workspace: Workspace,
  { budget, ...request }: BudgetParameters,
): Promise<PlanChoice> {
  return planChoice(await preparedFor(workspace, request), budget);
}

/** The text of a plan file. */
export async function answerPlanText(
  workspace: Workspace,
  { budget, ...request }: BudgetParameters,
): Promise<string> {
  return planFile(await preparedFor(workspace, request), budget);
}

function preparedFor(workspace: Workspace, parameters: PlanParameters): Promise<PreparedPlan> {
  const viewed = workspace.at(parameters.image);
  const key = JSON.stringify(parameters);
  const last = plans.get(viewed);
  if (last?.key === key) return last.prepared;
  const prepared = preparePlan(viewed.image, parameters).catch((error: unknown) => {
    throw notMounted(error);
  });
  plans.set(viewed, { key, prepared });
  return prepared;
}
