import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newestEntries } from '../support/answers.js';
import { eventually } from '../support/eventually.js';
import { type Answer, TestService } from '../support/service.js';
import { isSignedWith, WebhookReceiver } from '../support/webhook-receiver.js';

describe('webhooks of the audit trail', () => {
  let service: TestService;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true', SINK_RETRY_FOR: '2s' });
    receiver = await WebhookReceiver.start();
  });
  afterEach(async () => {
    for (const { sink_id } of (await service.request('GET', '/audit/sinks')).body as { sink_id: string }[])
      await service.request('DELETE', `/audit/sinks/${sink_id}`);
    receiver.behave = () => 204;
    receiver.posts.length = 0;
  });
  afterAll(async () => {
    await service.remove();
    await receiver.close();
  });

  const ingest = (type: string, more: object = {}): Promise<Answer> =>
    service.request('POST', '/events/ingest', { operation_type: type, ...more });
  const create = async (more: object = {}): Promise<Answer['body']> => {
    const { status, body } = await service.request('POST', '/audit/sinks', {
      ...{ name: 'siem', target: receiver.url, operation_types: ['tool_use'] },
      ...more,
    });
    expect([status, body.code]).toEqual([201, undefined]);
    return body;
  };
  const standing = async (sink: { sink_id: string }): Promise<Answer['body']> =>
    (await service.request('GET', `/audit/sinks/${sink.sink_id}`)).body;
  const lettersOf = async (sink: { sink_id: string }): Promise<Answer['body']> =>
    (await service.request('GET', `/audit/sinks/${sink.sink_id}/dead-letters`)).body;
  const details = () =>
    receiver.posts.flatMap(({ body }) => body.entries.map((entry: Answer['body']) => entry.operation.detail));

  it('are signed as Standard Webhooks has it, and hold entries as lists of the trail do', async () => {
    const sink = await create();
    const { body: entry } = await ingest('tool_use', { operation_detail: 'über ✓', context: { a: [1] } });
    await eventually('the delivery', () => receiver.posts.length > 0);
    const [posted] = receiver.posts;
    expect(posted!.body).toEqual({
      ...{ type: 'audit.entries', sink_id: sink.sink_id, from_seq: expect.any(Number) },
      ...{ to_seq: entry.seq, entries: [entry] },
    });
    expect(isSignedWith(sink.secret, posted!)).toBe(true);
    expect(isSignedWith(`${sink.secret.slice(0, 20)}AAAA${sink.secret.slice(24)}`, posted!)).toBe(false);
    expect(isSignedWith(sink.secret, { ...posted!, raw: `${posted!.raw} ` })).toBe(false);
    expect(posted!.headers['content-type']).toBe('application/json; charset=utf-8');
    const age = Date.now() / 1_000 - Number(posted!.headers['webhook-timestamp']);
    expect([Math.abs(age) < 300, posted!.headers['webhook-timestamp']]).toEqual([
      true,
      expect.stringMatching(/^\d{10}$/),
    ]);
    await eventually('the cursor', async () => (await standing(sink)).lag === 0);
    expect(await standing(sink)).toMatchObject({
      ...{ state: 'active', failures: 0, last_error: null, dead_letters: 0, kind: 'webhook' },
      last_delivered_at: expect.any(String),
    });
  });

  it('sign with both secrets for a while after a rotation', async () => {
    const sink = await create();
    const rotate = (body: object) =>
      service.request('POST', `/audit/sinks/${sink.sink_id}/rotate-secret`, body);
    const { body: rotated } = await rotate({});
    expect(rotated.secret).not.toBe(sink.secret);
    await ingest('tool_use');
    await eventually('a delivery', () => receiver.posts.length === 1);
    expect([sink, rotated].map(({ secret }) => isSignedWith(secret, receiver.posts[0]!))).toEqual([
      true,
      true,
    ]);
    const { body: last } = await rotate({ grace_s: 0 });
    await ingest('tool_use');
    await eventually('another', () => receiver.posts.length === 2);
    const signed = [sink, rotated, last].map(({ secret }) => isSignedWith(secret, receiver.posts[1]!));
    expect(signed).toEqual([false, false, true]);
  });

  it.each([
    ['an agent', { operation_types: [], agent_id: 'a' }, [0, 2]],
    ['types and their beginnings', { operation_types: ['alert.*', 'file_access'] }, [1, 2]],
    ['decisions', { operation_types: [], decisions: ['denied'] }, [2]],
    ['what was reported', { operation_types: ['alert.*'], source: 'reported' }, [2]],
    ['what was decided', { operation_types: ['alert.*'], source: 'decided' }, []],
    ['all of these', { operation_types: ['alert.*'], agent_id: 'a', decisions: ['allowed'] }, []],
  ])('hold what is asked for by %s alone', async (_what, filter, expected) => {
    const sink = await create(filter);
    const events = [
      { agent_id: 'a', operation_type: 'tool_use', rbac_decision: 'allowed' },
      { agent_id: 'b', operation_type: 'file_access', rbac_decision: 'allowed' },
      { agent_id: 'a', operation_type: 'alert.raised', rbac_decision: 'denied' },
      { agent_id: 'b', operation_type: 'alerts', rbac_decision: 'requires_approval' },
    ];
    await service.request(
      'POST',
      '/events/ingest/batch',
      events.map((event, index) => ({ ...event, operation_detail: `event ${index}` })),
    );
    await eventually('the end of the log', async () => (await standing(sink)).lag === 0);
    expect(details()).toEqual(expected.map((index) => `event ${index}`));
  });

  it('come from the beginning of the log where that is asked for', async () => {
    const sink = await create({ operation_types: [], from_seq: 1 });
    await eventually('the end of the log', async () => (await standing(sink)).lag === 0);
    const taken = receiver.taken();
    expect(taken).toEqual(taken.map((_seq, index) => index + 1));
  });

  it('are tried again with the same id and body until they are taken', async () => {
    let left = 2;
    receiver.behave = () => ((left -= 1) >= 0 ? 503 : 200);
    const sink = await create();
    await ingest('tool_use', { operation_detail: 'first' });
    await eventually('the first attempt', () => receiver.posts.length > 0);
    await ingest('tool_use', { operation_detail: 'second' });
    await eventually('the delivery', async () => (await standing(sink)).lag === 0);
    const [first, second, third, ...others] = receiver.posts;
    expect(new Set([first!.id, second!.id, third!.id]).size).toBe(1);
    expect([second!.raw, third!.raw]).toEqual([first!.raw, first!.raw]);
    expect(details().slice(3)).toEqual(['second']);
    expect(others.map(({ id }) => id)).not.toContain(first!.id);
  });

  it('that are not taken in time become dead letters, which can be tried again', async () => {
    receiver.behave = ({ raw }) => (raw.includes('poison') ? 500 : 200);
    const sink = await create();
    await ingest('tool_use', { operation_detail: 'poison' });
    await eventually('the first attempt', () => receiver.posts.length > 0);
    await ingest('tool_use', { operation_detail: 'good' });
    await eventually('the good one', () => details().includes('good'));
    await eventually('the end', async () => (await standing(sink)).lag === 0);
    const [letter, ...others] = await lettersOf(sink);
    expect([letter, others]).toEqual([
      expect.objectContaining({ cause: 'exhausted', reason: 'answered 500', queued_at: null }),
      [],
    ]);
    expect(letter.attempts).toBe(details().filter((detail) => detail === 'poison').length);
    expect(await standing(sink)).toMatchObject({ state: 'active', dead_letters: 1, failures: 0 });

    const redeliver = () =>
      service.request('POST', `/audit/sinks/${sink.sink_id}/dead-letters/${letter.dead_letter_id}/redeliver`);
    expect(await redeliver()).toMatchObject({ status: 202, body: { queued_at: expect.any(String) } });
    await eventually('another failure', async () => (await lettersOf(sink))[0].attempts > letter.attempts);
    expect((await lettersOf(sink))[0]).toMatchObject({ queued_at: null, reason: 'answered 500' });
    receiver.behave = () => 200;
    await redeliver();
    await eventually('its end', async () => (await lettersOf(sink)).length === 0);
    const [repeat] = receiver.posts.slice(-1);
    expect(repeat).toMatchObject({ id: receiver.posts[0]!.id, raw: receiver.posts[0]!.raw });
    expect((await redeliver()).body.code).toBe('DEAD_LETTER_NOT_FOUND');
  });

  it('that are refused one after another pause the sink, and nothing is lost', async () => {
    receiver.behave = () => 422;
    const sink = await create();
    for (let n = 1; n <= 3; n += 1) {
      await ingest('tool_use', { operation_detail: `n${n}` });
      await eventually('an attempt', () => receiver.posts.length === n);
    }
    await eventually('the pause', async () => (await standing(sink)).state === 'paused');
    expect(await lettersOf(sink)).toEqual(
      [1, 2].map(() => expect.objectContaining({ cause: 'refused', attempts: 1 })),
    );
    const [entry] = await newestEntries(service, 1);
    expect(entry).toMatchObject({
      operation: { type: 'audit.sink_pause', detail: 'siem' },
      principal: { kind: 'system' },
      context: { host: '127.0.0.1', reason: 'answered 422' },
    });
    await ingest('tool_use', { operation_detail: 'n4' });
    receiver.behave = () => 200;
    await service.request('POST', `/audit/sinks/${sink.sink_id}/resume`);
    await eventually('the rest', () => details().includes('n4'));
    expect(details()).toEqual(['n1', 'n2', 'n3', 'n3', 'n4']);
    expect(receiver.posts[3]).toMatchObject({ id: receiver.posts[2]!.id, status: 200 });
  });

  it('end where the receiver says that it is gone', async () => {
    receiver.behave = () => 410;
    const sink = await create();
    await ingest('tool_use');
    await eventually('the pause', async () => (await standing(sink)).state === 'paused');
    expect(await standing(sink)).toMatchObject({ last_error: 'answered 410', dead_letters: 0 });
    expect(receiver.posts).toHaveLength(1);
  });

  it('follow no redirection, and wait as long as they are asked to', async () => {
    const other = await WebhookReceiver.start();
    receiver.behave = (_posted, response) => {
      response.setHeader('Location', other.url);
      response.setHeader('Retry-After', '600');
      return 307;
    };
    const sink = await create();
    await ingest('tool_use');
    await eventually('the failure', async () => (await standing(sink)).failures === 1);
    const { next_attempt_at: next, last_error: error } = await standing(sink);
    expect([error, Date.parse(next) > Date.now() + 300_000]).toEqual(['answered 307', true]);
    expect(other.posts).toEqual([]);
    await other.close();
  });

  it('that are under way when the sink is paused or removed end as they would have', async () => {
    const answers: (() => void)[] = [];
    receiver.behave = (_posted, response) => {
      answers.push(() => response.writeHead(204).end());
      return null;
    };
    const sink = await create();
    await ingest('tool_use');
    await eventually('the attempt', () => answers.length === 1);
    await service.request('POST', `/audit/sinks/${sink.sink_id}/pause`);
    answers[0]!();
    await eventually('its result', async () => (await standing(sink)).last_delivered_at !== null);
    expect((await standing(sink)).state).toBe('paused');
    await service.request('POST', `/audit/sinks/${sink.sink_id}/resume`);
    await ingest('tool_use');
    await eventually('the next attempt', () => answers.length === 2);
    expect((await service.request('DELETE', `/audit/sinks/${sink.sink_id}`)).status).toBe(204);
    answers[1]!();
    // What another gets then shows that the answer for what is gone has done no harm.
    const other = await create({ name: 'other' });
    await ingest('tool_use');
    await eventually('another attempt', () => answers.length === 3);
    answers[2]!();
    await eventually('the end', async () => (await standing(other)).lag === 0);
  });

  it('count by the status, whatever body there is or does not end', async () => {
    receiver.behave = (posted, response) => {
      posted.status = 200;
      response.writeHead(200);
      const more = (): void => {
        if (response.writable) response.write('x'.repeat(50_000), () => setImmediate(more));
      };
      more();
      return null;
    };
    const sink = await create();
    await ingest('tool_use');
    await eventually('the delivery', async () => (await standing(sink)).last_delivered_at !== null);
    expect([receiver.posts.length, (await standing(sink)).failures]).toEqual([1, 0]);
  });

  it('count by the status where the body never comes to an end', async () => {
    receiver.behave = (posted, response) => {
      posted.status = 200;
      response.writeHead(200).write('x');
      return null;
    };
    const sink = await create();
    await ingest('tool_use');
    await eventually('the delivery', async () => (await standing(sink)).last_delivered_at !== null);
    expect([receiver.posts.length, (await standing(sink)).failures]).toEqual([1, 0]);
  });

  it('are not sent while the sink is paused, and go on where they stopped', async () => {
    const sink = await create();
    const act = (what: string) => service.request('POST', `/audit/sinks/${sink.sink_id}/${what}`);
    expect((await act('pause')).body.state).toBe('paused');
    const size = (await ingest('tool_use', { operation_detail: 'meanwhile' })).body.seq;
    expect((await act('pause')).status).toBe(200);
    expect((await newestEntries(service, 1))[0].seq).toBe(size);
    const other = await create({ name: 'beside' });
    await ingest('tool_use', { operation_detail: 'both' });
    await eventually('the delivery to the other', async () => (await standing(other)).lag === 0);
    expect(details()).toEqual(['both']);
    expect((await act('resume')).body.state).toBe('active');
    await eventually('the rest', async () => (await standing(sink)).lag === 0);
    expect(details()).toEqual(['both', 'meanwhile', 'both']);
  });
});
