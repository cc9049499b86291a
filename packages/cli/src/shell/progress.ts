import type { CliIo } from './io.js';

/** Shows the progress of a long operation, if there is a terminal. */
export interface Progress {
  readonly update: (done: number, total: number) => void;
  stop(): void;
}

/** What is done sooner needs no bar. */
const DELAY_MS = 500;

/**
 * @param label what is being done: `building`.
 * @param quiet never show it.
 */
export async function startProgress(io: CliIo, label: string, quiet = false): Promise<Progress> {
  if (quiet || io.stderr.isTTY !== true) return { update: () => undefined, stop: () => undefined };
  const { SingleBar } = (await import('cli-progress')).default;
  const started = Date.now();
  const bar = new SingleBar({
    stream: io.stderr,
    format: `${label} [{bar}] {percentage} %`,
    clearOnComplete: true,
    hideCursor: true,
    fps: 5,
  });
  let visible = false;
  return {
    update(done, total) {
      if (!visible) {
        if (Date.now() - started < DELAY_MS) return;
        visible = true;
        bar.start(total, done);
      }
      bar.setTotal(total);
      bar.update(done);
    },
    stop() {
      if (visible) bar.stop();
    },
  };
}
