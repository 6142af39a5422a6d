import { createHmac } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { toAuditEntryResponse } from '../dto/audit-entry.response.js';
import { lookupAllowed } from './addresses.js';
import { parseRetryAfter } from './backoff.js';
import type { AuditSink, Batch, Outcome } from './sink.js';

/** More of an answer's body is not taken in; what it says is not kept at all. */
const MAX_ANSWER_BYTES = 64 * 1024;
const GONE = 410;
/** By which a receiver says that it is this body that it does not take. */
const REFUSES_BODY = new Set([400, 413, 422]);

/**
 * Stays the same in every attempt, so that receivers know a repeat. Numbers alone would come again with other entries where an
 * older copy of the store was put back.
 */
function webhookIdOf({ sinkId }: AuditSink, { fromSeq, entries }: Batch): string {
  return `${sinkId}_${fromSeq}_${entries.at(-1)?.auditId}`;
}

/** The headers of Standard Webhooks 1.0: a signature for each secret. @param timestampS Unix time, seconds. */
export function signatureHeaders(
  id: string,
  timestampS: number,
  body: Buffer,
  secrets: readonly string[],
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.`).update(body).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signatures.join(' '),
  };
}

function bodyOf({ sinkId }: AuditSink, { fromSeq, toSeq, entries }: Batch): Buffer {
  const data = { sink_id: sinkId, from_seq: fromSeq, to_seq: toSeq };
  return Buffer.from(
    JSON.stringify({ type: 'audit.entries', ...data, entries: entries.map(toAuditEntryResponse) }),
  );
}

/** Posts a batch; the status alone says what came of it. @throws Error where there is no answer. */
export async function sendWebhook(
  sink: AuditSink,
  batch: Batch,
  secrets: readonly string[],
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<Outcome> {
  const body = bodyOf(sink, batch);
  const headers = signatureHeaders(webhookIdOf(sink, batch), Math.floor(now / 1_000), body, secrets);
  const { status, retryAfter } = await post(new URL(sink.target), headers, body, signal);
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const reason = `answered ${status}`;
  if (status === GONE) return { kind: 'gone', reason };
  if (REFUSES_BODY.has(status)) return { kind: 'refused', reason };
  const retryAfterMs = parseRetryAfter(retryAfter, now);
  return { kind: 'failed', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function post(
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  signal: AbortSignal,
): Promise<{ status: number; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    // Not `fetch`: only here can the addresses that a name resolves to be looked at before they are connected to.
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent = request(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json; charset=utf-8',
        'content-length': body.length,
        'user-agent': 'agent-reality-map',
      },
      lookup: lookupAllowed,
      signal,
    });
    let answer: { status: number; retryAfter: string | undefined } | null = null;
    sent.on('error', (error) => (answer ? resolve(answer) : reject(error)));
    sent.on('response', (response) => {
      const given = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
      answer = given;
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) response.destroy();
      });
      // A body that breaks off or has no end changes nothing of what the status says.
      response.on('error', () => resolve(given));
      response.on('close', () => resolve(given));
    });
    sent.end(body);
  });
}
