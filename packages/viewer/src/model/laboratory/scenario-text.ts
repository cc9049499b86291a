import { parseScenarioLine, type Statement } from 'xip-emu';
import { parseRunArguments, runArguments, type LabOptions } from './options.js';

/** A session as stored in the page's address and in files. */
export interface LabScript {
  /** Undefined if a file does not say which kernel it is for. */
  readonly options: LabOptions | undefined;
  /** The lines of the scenario, without comments; the first one mounts. */
  readonly lines: readonly string[];
}

const COMMAND = /^#\s*(cramfs run .*)$/;

/**
 * A session as a scenario for `cramfs run`, which gives the same records: children that still exist end
 * first.
 */
export function exportScenario(options: LabOptions, lines: readonly string[]): string {
  const open = openBlocks(lines);
  return [
    '# A session of the mapping laboratory of cramfs view.',
    `# cramfs run IMAGE FILE ${runArguments(options)} --format table`,
    ...lines,
    ...Array.from({ length: open }, () => 'end'),
    '',
  ].join('\n');
}

/** How many children still have to end after the lines. */
function openBlocks(lines: readonly string[]): number {
  let open = 0;
  for (const line of lines) {
    const op = parsed(line)?.op;
    if (op === 'fork') open += 1;
    if (op === 'end') open -= 1;
  }
  return Math.max(0, open);
}

function parsed(line: string): Statement | undefined {
  try {
    return parseScenarioLine(line, 1);
  } catch {
    // The log of the session says what is wrong with it.
    return undefined;
  }
}

/** Reads a scenario, from this page or any other source. Its lines need not be valid. */
export function importScenario(text: string): LabScript {
  const given = text.split(/\r?\n/);
  const command = given.map((line) => COMMAND.exec(line)?.[1]).find((each) => each !== undefined);
  return {
    options: command === undefined ? undefined : parseRunArguments(command),
    lines: given.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== ''),
  };
}
