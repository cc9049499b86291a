import { isBlockSize } from 'cramfs-format';
import { ARCHITECTURES, programArchitecture } from 'xip-emu';
import type { Kernel } from '../model/kernel.js';
import {
  ARCHITECTURE_NAMES,
  POLICY_NAMES,
  architectureNamed,
  policyNamed,
  type LabOptions,
} from '../model/laboratory/options.js';
import {
  exportScenario,
  importScenario,
  type LabScript,
} from '../model/laboratory/scenario-text.js';
import { LabSession } from '../model/laboratory/session.js';
import { labState, type LabFocus, type LabState } from '../model/laboratory/snapshot.js';
import type { ViewedImage, Workspace } from './workspace.js';

/** A session as the page's address stores it. */
export interface LaboratoryParameters {
  readonly image: number;
  readonly kernel: Kernel;
  /** Names, or the user's text instead; default: what fits the image. */
  readonly policy?: string | undefined;
  readonly arch?: string | undefined;
  readonly pageSize?: number | undefined;
  readonly lines: readonly string[];
  readonly focus: LabFocus;
}

export interface LaboratoryAnswer {
  readonly options: LabOptions;
  readonly state: LabState;
}

/** The choices for a kernel. */
export interface KernelChoices {
  readonly policies: readonly string[];
  readonly architectures: readonly {
    readonly name: string;
    readonly pageSizes: readonly number[];
  }[];
}

/** The last session of each image. */
const sessions = new WeakMap<ViewedImage, { readonly key: string; readonly session: LabSession }>();

/**
 * The state of a session after its lines. New lines are performed; undone lines are removed by replaying the
 * others.
 */
export function answerLaboratory(
  workspace: Workspace,
  parameters: LaboratoryParameters,
): LaboratoryAnswer {
  const { lines, focus } = parameters;
  const viewed = workspace.at(parameters.image);
  const options = optionsFor(viewed, parameters);
  const session = sessionFor(viewed, options, lines);
  for (const line of lines.slice(session.entries.length)) session.perform(line);
  return { options, state: labState(session, focus) };
}

/** The session as a scenario for `cramfs run`, without the lines that cannot be performed. */
export function answerLaboratoryExport(
  workspace: Workspace,
  parameters: LaboratoryParameters,
): string {
  const viewed = workspace.at(parameters.image);
  const options = optionsFor(viewed, parameters);
  const session = sessionFor(viewed, options, parameters.lines);
  for (const line of parameters.lines.slice(session.entries.length)) session.perform(line);
  return exportScenario(options, session.performed);
}

export function answerLaboratoryImport(
  _: Workspace,
  { text }: { readonly text: string },
): LabScript {
  return importScenario(text);
}

export function kernelChoices(): KernelChoices {
  return {
    policies: POLICY_NAMES,
    architectures: ARCHITECTURE_NAMES.map((name) => ({
      name,
      pageSizes: ARCHITECTURES[name].pageSizes,
    })),
  };
}

function optionsFor(
  viewed: ViewedImage,
  { kernel, policy, arch: asked, pageSize }: LaboratoryParameters,
): LabOptions {
  const arch =
    architectureNamed(asked) ??
    viewed.remember('architecture', (image) => programArchitecture(image, '/', {}));
  const { pageSizes } = ARCHITECTURES[arch];
  const { blockSize } = viewed.image;
  const usual = pageSizes.includes(blockSize) ? blockSize : pageSizes[0]!;
  return {
    ...kernel,
    policy: policyNamed(policy) ?? 'linux-6.12',
    arch,
    pageSize: pageSize !== undefined && isBlockSize(pageSize) ? pageSize : usual,
  };
}

/** The last session if the lines go on from it, or a new one. */
function sessionFor(
  viewed: ViewedImage,
  options: LabOptions,
  lines: readonly string[],
): LabSession {
  const key = JSON.stringify(options);
  const last = sessions.get(viewed);
  if (last !== undefined) {
    const { entries } = last.session;
    const goesOn = last.key === key && entries.every(({ line }, index) => line === lines[index]);
    if (goesOn) return last.session;
    last.session.halt();
  }
  const session = new LabSession(viewed.image, options);
  sessions.set(viewed, { key, session });
  return session;
}
