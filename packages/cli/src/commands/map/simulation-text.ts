import { nameToText, plural } from 'cramfs-format';
import { hex } from '../../render/json.js';
import type { Disagreement, SimulatedRange, Simulation } from './simulate.js';

/** A line per disagreement, and one that sums up. */
export function simulationText({ mappings, disagreements }: Simulation): string {
  const count = `simulated: ${plural(mappings, 'mapping')}, `;
  return disagreements.length === 0
    ? `${count}all match\n`
    : `${disagreements.map(disagreementLine).join('')}${count}${disagreements.length} not matching\n`;
}

function disagreementLine(disagreement: Disagreement): string {
  const { path, what, kernel, static: expected, simulated } = disagreement;
  const name = kernel === 'mmu' ? 'with MMU' : 'without MMU';
  const rule = rangeText({ ...expected, error: undefined });
  return `${nameToText(path)}: ${what}, ${name}: expected ${rule}, simulated ${rangeText(simulated)}\n`;
}

function rangeText({ directPages, romStart, ramPages, error }: SimulatedRange): string {
  if (error !== undefined) return error;
  const where = romStart === undefined ? '' : ` at ${hex(romStart)}`;
  return `${directPages} direct${where} and ${ramPages} in RAM`;
}
