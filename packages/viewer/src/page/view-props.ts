import type { ImageFacts } from '../model/facts.js';
import type { Kernel } from '../model/kernel.js';
import type { Ask } from './ask.js';
import type { Navigate, Route } from './router.js';

/** The properties of every view. */
export interface ViewProps {
  readonly ask: Ask;
  /** All open images, and the number of the one that is shown. */
  readonly images: readonly ImageFacts[];
  readonly imageIndex: number;
  readonly facts: ImageFacts;
  readonly kernel: Kernel;
  readonly route: Route;
  readonly navigate: Navigate;
}
