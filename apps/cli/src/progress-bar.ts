import { Presets, SingleBar } from 'cli-progress';

/** A bar on a terminal, nothing otherwise. */
export interface ProgressBar {
  update(done: number, total: number): void;
  stop(): void;
}

/** @param format of cli-progress. @param quiet shows nothing on a terminal either. */
export function progressBar(format: string, quiet = false): ProgressBar {
  if (!process.stderr.isTTY || quiet) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ format, stream: process.stderr }, Presets.shades_classic);
  let started = false;
  return {
    update: (done, total) => {
      if (started) bar.update(done);
      else bar.start(total, done);
      started = true;
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}
