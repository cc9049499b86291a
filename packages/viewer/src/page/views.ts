import type { ComponentType } from 'preact';
import { CompareView } from './compare/compare-view.js';
import { FileView } from './file/file-view.js';
import { FlashView } from './flash/flash-view.js';
import { LaboratoryView } from './laboratory/laboratory-view.js';
import { PlanView } from './plan/plan-view.js';
import { ProgramView } from './program/program-view.js';
import { STRINGS } from './strings/index.js';
import { TreeView } from './tree/tree-view.js';
import type { ViewProps } from './view-props.js';

export interface View {
  /** The first part of its address. */
  readonly name: string;
  readonly label: string;
  readonly component: ComponentType<ViewProps>;
}

/** The views, in the order of their tabs: a line for each. */
export const VIEWS: readonly View[] = [
  { name: 'flash', label: STRINGS.flash.label, component: FlashView },
  { name: 'tree', label: STRINGS.tree.label, component: TreeView },
  { name: 'file', label: STRINGS.file.label, component: FileView },
  { name: 'lab', label: STRINGS.laboratory.label, component: LaboratoryView },
  { name: 'program', label: STRINGS.program.label, component: ProgramView },
  { name: 'plan', label: STRINGS.plan.label, component: PlanView },
  { name: 'compare', label: STRINGS.compare.label, component: CompareView },
];
