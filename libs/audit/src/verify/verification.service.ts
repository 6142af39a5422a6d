import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Clock, DomainError, newId } from '#kernel';
import type { VerificationReport } from './finding.js';
import { LogVerifier, type Pace } from './log-verifier.js';

/** What the service serves meanwhile waits no longer than for a page: some milliseconds. */
const BESIDE_REQUESTS: Pace = { page: 256, signatures: 20, readsAhead: false };

/** A verification that somebody asked for. */
export interface VerificationRun {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed';
  /** Milliseconds UTC. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Entries so far, of so many; 0 of 0 until that is known. */
  readonly checked: number;
  readonly size: number;
  /** Once it is done. */
  readonly report: VerificationReport | null;
}

/** Verifies the log in the background, once at a time. */
@Injectable()
export class VerificationService implements OnModuleDestroy {
  private readonly logger = new Logger(VerificationService.name);
  private readonly stopped = new AbortController();
  private run: VerificationRun | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly verifier: LogVerifier,
    private readonly clock: Clock,
  ) {}

  async onModuleDestroy(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /** @returns the run that this begins, or the one that is under way. */
  start(): VerificationRun {
    if (this.run?.state === 'running') return this.run;
    const startedAt = this.clock.now();
    const run: VerificationRun = {
      ...{ id: newId(), state: 'running', startedAt, endedAt: null },
      ...{ checked: 0, size: 0, report: null },
    };
    this.run = run;
    this.running = this.verify(run);
    return run;
  }

  /** @throws DomainError before there was one since the service started. */
  newest(): VerificationRun {
    if (this.run) return this.run;
    throw new DomainError(
      'VERIFICATION_NOT_FOUND',
      'Nothing was verified since the service started; POST begins to.',
    );
  }

  private async verify(run: VerificationRun): Promise<void> {
    try {
      const report = await this.verifier.verify({
        pace: BESIDE_REQUESTS,
        signal: this.stopped.signal,
        onProgress: (checked, size) => (this.run = { ...run, checked, size }),
      });
      this.end({ state: 'done', report });
      const found = report.findings.length + report.more;
      if (found > 0)
        this.logger.error(`the log is damaged: ${found} findings, first: ${report.findings[0]?.detail}`);
    } catch (error) {
      this.end({ state: 'failed' });
      if (!this.stopped.signal.aborted) this.logger.error(error, 'the log could not be verified');
    }
  }

  private end(outcome: Pick<VerificationRun, 'state'> & Partial<VerificationRun>): void {
    if (this.run) this.run = { ...this.run, ...outcome, endedAt: this.clock.now() };
  }
}
