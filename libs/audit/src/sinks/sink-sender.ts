import { Injectable } from '@nestjs/common';
import { Clock, toStorable, visible } from '#kernel';
import { PolicyInForce } from '#rbac';
import type { AuditSink, Batch, Outcome } from './sink.js';
import { SinkSecrets } from './sink-secrets.js';
import { kindOf } from './sink-target.js';
import { sendSyslog } from './syslog.js';
import { sendWebhook } from './webhook.js';

/** How long a receiver has for a batch, from the look-up of its name to its answer. */
const ATTEMPT_MS = 10_000;
const MAX_REASON_CHARS = 300;

/** Makes one attempt to deliver a batch. */
@Injectable()
export class SinkSender {
  constructor(
    private readonly secrets: SinkSecrets,
    private readonly policy: PolicyInForce,
    private readonly clock: Clock,
  ) {}

  /** @param stopped breaks it off. @returns what came of it; null where it was broken off. */
  async send(sink: AuditSink, batch: Batch, stopped: AbortSignal): Promise<Outcome | null> {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort(stopped.reason);
    const late = new Error(`no answer within ${ATTEMPT_MS / 1_000} s`);
    const timer = setTimeout(() => attempt.abort(late), ATTEMPT_MS);
    stopped.addEventListener('abort', stop);
    if (stopped.aborted) stop();
    const { signal } = attempt;
    try {
      if (kindOf(sink.target) === 'syslog') return await sendSyslog(sink, batch, signal);
      const now = this.clock.now();
      const secrets = await this.secrets.secretsInForce(sink, now);
      return await sendWebhook(sink, batch, secrets, { now, signal });
    } catch (error) {
      if (stopped.aborted) return null;
      return { kind: 'failed', reason: this.reasonOf(signal.aborted ? signal.reason : error) };
    } finally {
      clearTimeout(timer);
      stopped.removeEventListener('abort', stop);
    }
  }

  /** What may be stored and shown of an error. */
  private reasonOf(error: unknown): string {
    const { code, message } = error as { code?: unknown; message?: unknown };
    const text = [code, message].filter((each) => typeof each === 'string' && each !== '').join(': ');
    const clean = this.policy.current.redactor.text(visible(toStorable(text)));
    return clean.slice(0, MAX_REASON_CHARS).toWellFormed() || 'failed';
  }
}
