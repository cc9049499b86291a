import { invariant } from 'cramfs-format';
import { ArmProcessor } from '../../arm/processor.js';
import type { Processor } from '../../processor.js';

/** Returns the processor as an ARM one, for state that only those have. */
export function armOf(processor: Processor): ArmProcessor {
  invariant(processor instanceof ArmProcessor, 'the ABI of ARM on another processor');
  return processor;
}
