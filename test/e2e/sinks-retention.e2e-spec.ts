import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { SEGMENT } from '#audit';
import { eventually } from '../support/eventually.js';
import { openRaw } from '../support/opened-store.js';
import { type Answer, TestService } from '../support/service.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

describe('a sink whose entries retention has removed', () => {
  let service: TestService;
  let receiver: WebhookReceiver;
  let raw: DataSource;
  let sink: { sink_id: string };
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    receiver = await WebhookReceiver.start();
    raw = await openRaw(service.store);
    sink = (
      await service.request('POST', '/audit/sinks', { name: 'late', target: receiver.url, from_seq: 1 })
    ).body;
    await post('/pause');
    for (let n = 0; n < 6; n += 1)
      await service.request(
        'POST',
        '/events/ingest/batch',
        Array.from({ length: 500 }, () => ({ operation_type: 'tool_use' })),
      );
  });
  afterAll(async () => {
    await raw.destroy();
    await service.remove();
    await receiver.close();
  });

  const post = (path: string): Promise<Answer> =>
    service.request('POST', `/audit/sinks/${sink.sink_id}${path}`);
  const letters = async (): Promise<Answer['body'][]> =>
    (await service.request('GET', `/audit/sinks/${sink.sink_id}/dead-letters`)).body;
  /** As retention does it: a whole segment, the mark first. */
  async function removeSegment(segment: number): Promise<void> {
    const [from, to] = [(segment - 1) * SEGMENT, segment * SEGMENT];
    await raw.query(`UPDATE agent_audit_head SET removable_to = ${to} WHERE id = 1`);
    await raw.query(`DELETE FROM agent_audit_log WHERE seq > ${from} AND seq <= ${to}`);
  }

  it('is told so by a dead letter, and gets the rest', async () => {
    await removeSegment(1);
    receiver.posts.length = 0;
    await post('/resume');
    await eventually('the end of the log', async () => {
      const { body } = await service.request('GET', `/audit/sinks/${sink.sink_id}`);
      return body.lag === 0;
    });
    const [letter, ...others] = await letters();
    expect([letter, others]).toEqual([
      expect.objectContaining({ cause: 'removed', to_seq: SEGMENT, attempts: 0 }),
      [],
    ]);
    expect(letter.from_seq).toBeLessThan(10);
    const taken = receiver.taken();
    expect(taken).toEqual(taken.map((_seq, index) => SEGMENT + 1 + index));
    expect(receiver.posts[0]!.body.from_seq).toBe(SEGMENT + 1);

    await post(`/dead-letters/${letter.dead_letter_id}/redeliver`);
    // Told once, it leaves the list.
    await eventually('the attempt', async () => (await letters()).length === 0);
  });

  it('gets what is left of a dead letter, and is told what is not', async () => {
    const id = '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11';
    await raw.query(
      `INSERT INTO audit_dead_letters (dead_letter_id, sink_id, from_seq, to_seq, cause, reason, attempts, dead_at)
       VALUES ('${id}', '${sink.sink_id}', ${2 * SEGMENT - 9}, ${2 * SEGMENT + 10}, 'exhausted', 'answered 503', 5, 1)`,
    );
    await removeSegment(2);
    receiver.posts.length = 0;
    await post(`/dead-letters/${id}/redeliver`);
    await eventually('its end', async () =>
      (await letters()).every(({ dead_letter_id }) => dead_letter_id !== id),
    );
    const delivered = receiver.posts.map(({ body }) => [body.from_seq, body.to_seq, body.entries.length]);
    expect(delivered).toContainEqual([2 * SEGMENT + 1, 2 * SEGMENT + 10, 10]);
    expect((await letters()).map(({ cause, from_seq, to_seq }) => [cause, from_seq, to_seq])).toContainEqual([
      ...['removed', 2 * SEGMENT - 9, 2 * SEGMENT],
    ]);
  });
});
