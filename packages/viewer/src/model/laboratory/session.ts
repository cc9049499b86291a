import { CramfsError, isCramfsError, nameToText } from 'cramfs-format';
import { openImage, type CramfsImage } from 'cramfs-reader';
import {
  InvariantError,
  ScenarioError,
  ScenarioRun,
  createWorld,
  failureOf,
  failureText,
  parseScenarioLine,
  type Machine,
  type ScenarioAgent,
  type ScenarioRecord,
  type ScenarioWorld,
  type Statement,
  type TraceEvent,
} from 'xip-emu';
import { MOST_EVENTS, outcomeOf, printableEvent, resultLines, type LabEntry } from './entry.js';
import type { LabOptions } from './options.js';

/**
 * A session of the mapping laboratory: a scenario that grows line by line on a machine of its own. A line
 * that cannot be performed leaves the machine as it was.
 */
export class LabSession {
  readonly options: LabOptions;
  private readonly image: CramfsImage;
  private run: ScenarioRun;
  private readonly log: LabEntry[] = [];
  /**
   * Statements that have been performed, one for each entry; undefined for one that was refused, or that came
   * after the kernel had corrupted itself.
   */
  private readonly statements: (Statement | undefined)[] = [];

  /** @param image the image that the page shows; the kernel reads its bytes itself. */
  constructor(image: CramfsImage, options: LabOptions) {
    this.image = image;
    this.options = options;
    this.run = new ScenarioRun(this.world());
  }

  get entries(): readonly LabEntry[] {
    return this.log;
  }

  /** Undefined until something is mounted. */
  get machine(): Machine | undefined {
    return this.run.machine;
  }

  /** The agent that performs the next line. */
  get agent(): ScenarioAgent | undefined {
    return this.run.agent;
  }

  get processes(): readonly ScenarioAgent[] {
    return this.run.processes;
  }

  /** True if the kernel has corrupted itself: nothing more happens. */
  get over(): boolean {
    return this.run.over;
  }

  /** The records of all lines so far. */
  get records(): readonly ScenarioRecord[] {
    return this.run.records;
  }

  /** The lines that were performed, which {@link exportScenario} can write. */
  get performed(): readonly string[] {
    return this.log
      .filter((_, index) => this.statements[index] !== undefined)
      .map(({ line }) => line);
  }

  /** Performs a line of a scenario, and adds it to the log, even if it is wrong. */
  perform(line: string): void {
    const process = this.agent?.number ?? 0;
    const events: TraceEvent[] = [];
    let count = 0;
    const before = this.records.length;
    const wasOver = this.over;
    const refuse = (reason: string): void => {
      this.statements.push(undefined);
      this.log.push({
        line,
        process,
        outcome: 'refused',
        result: [reason],
        events: [],
        moreEvents: 0,
      });
    };
    let statement: Statement | undefined;
    try {
      statement = parseScenarioLine(line, this.log.length + 1);
      if (statement === undefined) return;
      listen(this.machine, (event) => {
        count += 1;
        if (events.length < MOST_EVENTS) events.push(event);
      });
      this.run.perform(statement);
    } catch (error) {
      refuse(reasonOf(error));
      if (statement !== undefined) this.restore();
      return;
    } finally {
      listen(this.machine, undefined);
    }
    const records = this.records.slice(before);
    this.statements.push(wasOver ? undefined : statement);
    this.log.push({
      line,
      process,
      outcome: outcomeOf(records),
      result: resultLines(records),
      events: events.map(printableEvent),
      moreEvents: count - events.length,
    });
  }

  /** Turns the machine off. */
  halt(): void {
    this.run.halt();
  }

  private world(): ScenarioWorld {
    const { mmu, policy, arch, pageSize, physAddr: romAddress } = this.options;
    const { bytes, zlib } = this.image;
    // Opened as the kernel reads it, which knows no vendor's dialect.
    const image = openImage(bytes, { dialect: 'standard', blockSize: pageSize, zlib });
    const archive = (name: string): never => {
      throw new CramfsError(
        'BAD_REQUEST',
        `the archive ${nameToText(name)} is not here: the page has the image alone`,
      );
    };
    return createWorld(image, { mmu, policy, arch, pageSize, romAddress, archive });
  }

  /** Undoes what a refused line may have changed: performs the others on a new machine. */
  private restore(): void {
    this.run.halt();
    this.run = new ScenarioRun(this.world());
    for (const statement of this.statements) {
      if (statement !== undefined) this.run.perform(statement);
    }
  }
}

function listen(
  machine: Machine | undefined,
  sink: ((event: TraceEvent) => void) | undefined,
): void {
  if (machine !== undefined) machine.trace.sink = sink;
}

/** Why a line was refused, for people. */
function reasonOf(error: unknown): string {
  if (error instanceof ScenarioError) return error.reason;
  if (error instanceof InvariantError || isCramfsError(error)) return error.message;
  // Thrown by V8 for a length that does not fit into memory.
  if (error instanceof RangeError) return error.message;
  return nameToText(failureText(failureOf(error)));
}
