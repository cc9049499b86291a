import type { Worker } from 'node:worker_threads';

/** Calls back once when a thread has died, or has not started: of several reasons, the first says most. */
export function onDeath(worker: Worker, died: (reason: Error) => void): void {
  let isDead = false;
  const die = (reason: Error): void => {
    if (isDead) return;
    isDead = true;
    died(reason);
  };
  worker.on('error', die);
  worker.on('exit', (code) => {
    die(new Error(`worker exited with code ${code}`));
  });
}
