import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  BUILT_IN_REDACTION,
  type EventDraft,
  LoginFailed,
  type OperationContext,
  systemContext,
} from '#kernel';
import { FailedLogins, sourceOf } from './failed-logins.js';

const LIMIT = 3;

describe('FailedLogins', () => {
  let recorded: { ctx: OperationContext; draft: EventDraft }[];
  let logins: FailedLogins;

  beforeEach(() => {
    recorded = [];
    logins = new FailedLogins(
      { loginFailuresPerMinute: LIMIT },
      {
        append: (ctx: OperationContext, work: (tx: unknown) => unknown) => Promise.resolve(work(ctx)),
      } as never,
      { record: (ctx: OperationContext, draft: EventDraft) => recorded.push({ ctx, draft }) } as never,
      {} as never,
      { current: { redactor: BUILT_IN_REDACTION } } as never,
    );
  });

  const failure = new LoginFailed('The API key is unknown.');
  const fail = (peer: string | undefined, target = '/api/v1/agents') =>
    logins.count(systemContext('GET /api/v1/agents'), failure, { peer, target });

  it('answers and records failures up to the bound, then asks to wait', async () => {
    for (let i = 0; i < LIMIT; i += 1) expect(await fail('192.0.2.1')).toBe(failure);
    for (let i = 0; i < 2; i += 1) {
      const answer = await fail('192.0.2.1');
      expect(answer).toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfterS: expect.any(Number) });
      expect((answer as unknown as { retryAfterS: number }).retryAfterS).toBeGreaterThan(0);
    }
    expect(recorded).toHaveLength(LIMIT);
  });

  it('counts each source by itself', async () => {
    for (let i = 0; i <= LIMIT; i += 1) await fail('192.0.2.1');
    for (const peer of ['192.0.2.2', '2001:db8::1', undefined]) expect(await fail(peer)).toBe(failure);
  });

  it('records who it was not, where from and why, and no query', async () => {
    await fail('192.0.2.1', '/ws?ticket=hidden');
    expect(recorded[0]).toMatchObject({
      ctx: { principal: { id: 'nobody', kind: 'anonymous' } },
      draft: {
        operationType: 'access.unauthenticated',
        targetResource: '/ws',
        decision: 'denied',
        reason: failure.message,
        source: 'decided',
      },
    });
    expect(recorded[0]?.draft.context).toContain('192.0.2.1');
    expect(JSON.stringify(recorded)).not.toContain('hidden');
  });

  it('records no more than a bounded number, from however many sources', async () => {
    for (let i = 0; i < 200; i += 1) expect(await fail(`198.51.100.${i}`)).toBe(failure);
    expect(recorded).toHaveLength(100);
  });
});

describe('the source of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8::7', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('%s is %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
