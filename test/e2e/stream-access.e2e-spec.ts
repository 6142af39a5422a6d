import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Clock, systemContext } from '#kernel';
import { ApiKeysService } from '#rbac';
import { aKey, register } from '../support/access-calls.js';
import { type HeaderLines, sendUpgrade } from '../support/raw-http.js';
import { ADMIN_KEY, TestService } from '../support/service.js';
import { eventsOf, listen, STREAM_PATHS, type StreamListener } from '../support/stream.js';

const HOUR_MS = 3_600_000;

describe('the stream, RBAC on', () => {
  let service: TestService;
  let own: { id: string; name: string };
  let other: { id: string; name: string };
  const open: StreamListener[] = [];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    own = await register(service, 'coder');
    other = await register(service, 'reviewer', { role: 'reviewer' });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    for (const { ws } of open.splice(0)) ws.terminate();
  });
  afterAll(() => service.remove());

  async function client(key: string, of = service): Promise<StreamListener> {
    const listener = await listen(of, '/ws', key);
    open.push(listener);
    return listener;
  }
  const upgrade = async (target: string, headers: HeaderLines) => {
    const answer = await sendUpgrade(service.service.port, {
      target,
      headers: [['Host', 'map.test'], ...headers],
    });
    return { ...answer, problem: answer.text === '' ? null : JSON.parse(answer.text) };
  };

  describe.each(STREAM_PATHS)('on %s', (path) => {
    it('lets nobody in without a key in force, wherever it stands', async () => {
      for (const headers of [
        [],
        [['X-API-Key', 'arm_unknown']],
        [['Authorization', 'Bearer x']],
      ] as HeaderLines[]) {
        for (const query of ['', `?api_key=${ADMIN_KEY}`, `?token=${ADMIN_KEY}`]) {
          const { status, problem, headers: answered } = await upgrade(path + query, headers);
          expect([status, problem.code]).toEqual([401, 'UNAUTHENTICATED']);
          expect(answered['www-authenticate']).toBe('Bearer realm="agent-reality-map"');
          expect(answered['content-type']).toMatch('application/problem+json');
        }
      }
    });

    it('lets a key in from its networks alone', async () => {
      for (const [network, expected] of [
        ['127.0.0.0/8', 101],
        ['203.0.113.0/24', 401],
      ] as const) {
        const { secret } = await aKey(service, 'analyst', undefined, { networks: [network] });
        expect([network, (await upgrade(path, [['X-API-Key', secret]])).status]).toEqual([network, expected]);
      }
    });

    it('lets nobody in without the permission, and records it', async () => {
      const { id, secret } = await aKey(service, 'tester');
      const { status, problem } = await upgrade(path, [['X-API-Key', secret]]);
      expect([status, problem.code]).toEqual([403, 'FORBIDDEN']);
      const [entry] = (await service.request('GET', '/events/audit?limit=1')).body;
      expect(entry).toMatchObject({
        operation: { type: 'access.denied' },
        principal: { id, kind: 'service', role: 'tester' },
        target: { resource: path, type: 'route' },
        outcome: 'denied',
        trace_id: problem.trace_id,
      });
    });

    it('lets no foreign page in, whatever its key', async () => {
      for (const origin of ['http://evil.test', 'null', 'https://map.test.evil.test']) {
        const headers: HeaderLines = [
          ['X-API-Key', ADMIN_KEY],
          ['Origin', origin],
        ];
        const { status, problem } = await upgrade(path, headers);
        expect([origin, status, problem.code]).toEqual([origin, 403, 'ORIGIN_NOT_ALLOWED']);
      }
    });

    it('lets its own and listed pages in, with a key', async () => {
      for (const origin of ['http://map.test', 'https://map.test', 'http://localhost:3000']) {
        expect((await upgrade(path, [['Origin', origin]])).status).toBe(401);
        const { status } = await upgrade(path, [
          ['X-API-Key', ADMIN_KEY],
          ['Origin', origin],
        ]);
        expect([origin, status]).toEqual([origin, 101]);
      }
    });
  });

  describe("closes an open socket with 1008, and leaves others' open,", () => {
    async function expectClosedAlone(ends: StreamListener): Promise<void> {
      const stays = open.filter((each) => each !== ends);
      expect(stays.length).toBeGreaterThan(0);
      expect(await ends.closed).toEqual({ code: 1008, reason: expect.any(String) });
      for (const each of stays) await eventsOf(service, each, own.id);
    }

    it('when its key is revoked', async () => {
      const key = await aKey(service, 'analyst');
      await client((await aKey(service, 'analyst')).secret);
      await client(ADMIN_KEY);
      const ends = await client(key.secret);
      await service.get(ApiKeysService).revoke(systemContext(), key.id);
      await expectClosedAlone(ends);
    });

    it('when another process revokes its key', async () => {
      const second = await TestService.start({ RBAC_ENABLED: 'true' }, service.store);
      try {
        const key = await aKey(service, 'analyst');
        await client(ADMIN_KEY);
        const ends = await client(key.secret);
        await second.get(ApiKeysService).revoke(systemContext(), key.id);
        await expectClosedAlone(ends);
      } finally {
        await second.stop();
      }
    });

    it('when its agent is retired', async () => {
      const brief = await register(service, 'brief');
      await client((await aKey(service, 'developer', own)).secret);
      const ends = await client((await aKey(service, 'developer', brief)).secret);
      await service.request('DELETE', '/agents/brief');
      await expectClosedAlone(ends);
    });

    it('when its key expires', async () => {
      const key = await aKey(service, 'analyst', undefined, { expiresAt: Date.now() + HOUR_MS });
      await client(ADMIN_KEY);
      const ends = await client(key.secret);
      jest.spyOn(service.get(Clock), 'now').mockReturnValue(Date.now() + HOUR_MS);
      await expectClosedAlone(ends);
    });
  });

  describe("shows an agent's key", () => {
    async function causeAll(agent: { id: string; name: string }): Promise<void> {
      await service.request('POST', '/events/ingest', { agent_id: agent.id, operation_type: 'tool_use' });
      await service.request('POST', '/metrics', {
        agent_id: agent.name,
        metric_type: 'cost',
        cost_usd: 0.01,
      });
      await service.request('POST', '/budget/deduct', { agent_id: agent.name, tokens_used: 1, cost_usd: 0 });
      await service.request('POST', `/agents/${agent.id}/activate`);
      await service.request('POST', `/agents/${agent.name}/complete`, { success: true });
    }
    const EACH = [
      'rbac_decision',
      'metric_recorded',
      'budget_updated',
      'budget_updated',
      'agent_activated',
    ].concat('agent_completed');

    it('the events of its own agent, and no other', async () => {
      const key = await aKey(service, 'admin', own);
      const [bound, all] = [await client(key.secret), await client(ADMIN_KEY)];
      await causeAll(other);
      await causeAll(own);
      await causeAll(other);
      await service.request('POST', '/events/ingest', { agent_id: 'coder ', agent_name: 'coder' });
      await service.request('POST', '/events/ingest', {});
      const frames = await eventsOf(service, bound, own.id);
      expect(frames.map(({ type }) => type)).toEqual(EACH);
      expect(new Set(frames.map(({ data }) => data['agent_id']))).toEqual(new Set([own.id]));
      expect((await eventsOf(service, all)).length).toBeGreaterThan(3 * EACH.length);
    });

    it('what it said of another agent, as its own', async () => {
      const key = await aKey(service, 'developer', own);
      const [mine, theirs] = [
        await client(key.secret),
        await client((await aKey(service, 'reviewer', other)).secret),
      ];
      await service.request('POST', '/events/ingest', { agent_id: other.id }, { key: key.secret });
      await service.request(
        'POST',
        '/budget/deduct',
        { agent_id: other.id, tokens_used: 1, cost_usd: 0 },
        { key: key.secret },
      );
      const frames = await eventsOf(service, mine, own.id);
      expect(frames.map(({ type, data }) => [type, data['agent_id'], data['agent_name']])).toEqual([
        ['rbac_decision', own.id, 'coder'],
        ['budget_updated', own.id, 'coder'],
      ]);
      expect(await eventsOf(service, theirs, other.id)).toEqual([]);
    });
  });
});
