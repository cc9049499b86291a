import { openSync, writeSync } from 'node:fs';
import { cliStage } from './cli-stage.js';
import { loadCorpus } from './corpus.js';
import { extractStage } from './extract-stage.js';
import { makeMutant } from './mutant.js';
import { runMutant, type Failure } from './run-mutant.js';
import { STAGES } from './stages.js';
import { Tally } from './tally.js';
import { Workspace } from './workspace.js';

/** What a worker is started with, as its only argument. */
export interface WorkerTask {
  readonly run: number;
  /** Mutants from this one to before the other. */
  readonly from: number;
  readonly to: number;
  /** An empty directory for the worker; whoever started it clears and removes it. */
  readonly directory: string;
  /** File in which the worker writes the number of the mutant it is about to try. */
  readonly progressFile: string;
}

/** Lines of JSON on standard output. */
export type WorkerMessage =
  { readonly failure: Failure } | { readonly done: Readonly<Record<string, number>> };

async function main({ run, from, to, directory, progressFile }: WorkerTask): Promise<void> {
  const corpus = loadCorpus();
  const tally = new Tally();
  const workspace = new Workspace(directory);
  const stages = [...STAGES, extractStage(workspace), cliStage(workspace)];
  const progress = openSync(progressFile, 'w');
  for (let index = from; index < to; index += 1) {
    // Synchronous, because this mutant may crash the process.
    writeSync(progress, String(index).padStart(12), 0);
    const mutant = makeMutant(corpus, run, index);
    for (const failure of await runMutant(mutant, stages, tally)) send({ failure });
  }
  send({ done: tally.toJSON() });
}

function send(message: WorkerMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

await main(JSON.parse(process.argv[2]!) as WorkerTask);
