import { readFileSync } from 'node:fs';
import { ApiKeysService, type NewApiKey, policyFile, PolicyInForce } from '#rbac';
import { newId, systemContext, TransactionRunner } from '#kernel';
import { DeadLettersRepository } from '../../libs/audit/src/sinks/dead-letters.repository.js';
import type { AccessRow } from './access-table.js';
import { sendUpgrade } from './raw-http.js';
import { anAgent, type TestService } from './service.js';

/** What a call of a route with a given key came to. */
export interface CallOutcome {
  readonly route: string;
  readonly status: number;
  /** The request target, as an entry names it. */
  readonly target: string;
  readonly traceId: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read answers as clients do, without types
  readonly body: any;
  readonly headers: Readonly<Record<string, string>>;
}

let fresh = 0;

/** What comes with the package, as text. */
const POLICY = readFileSync(policyFile({ policyFile: null }), 'utf8');
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** A valid body for each route that takes one. */
const BODIES: Readonly<Record<string, (agentId: string) => Record<string, unknown> | unknown[]>> = {
  'POST /api/v1/agents': () => anAgent({ name: `fresh-${(fresh += 1)}` }),
  'PUT /api/v1/agents/:agent_id': () => ({ role_reasoning: 'reads the table' }),
  'POST /api/v1/agents/:agent_id/activate': () => ({}),
  'POST /api/v1/agents/:agent_id/complete': () => ({ success: true }),
  'POST /api/v1/metrics': (agentId) => ({ agent_id: agentId, metric_type: 'execution' }),
  'POST /api/v1/budget/deduct': (agentId) => ({ agent_id: agentId, tokens_used: 1, cost_usd: 0.01 }),
  'POST /api/v1/rbac/check': (agentId) => ({ agent_id: agentId, tool_name: 'Read' }),
  'POST /api/v1/rbac/check/batch': (agentId) => ({ checks: [{ agent_id: agentId, tool_name: 'Read' }] }),
  'POST /api/v1/rbac/explain': (agentId) => ({ agent_id: agentId, tool_name: 'Read' }),
  'POST /api/v1/rbac/simulate': () => ({ policy: POLICY }),
  'POST /api/v1/approvals/:approval_id/approve': () => ({ request_hash: '0'.repeat(64) }),
  'POST /api/v1/approvals/:approval_id/deny': () => ({}),
  'POST /api/v1/audit/holds': () => ({ reason: 'reads the table' }),
  'POST /api/v1/audit/sinks': () => ({ name: `fresh-${(fresh += 1)}`, target: 'http://127.0.0.1:9/' }),
  'POST /api/v1/audit/sinks/:sink_id/rotate-secret': () => ({}),
  'POST /api/v1/audit/entries/:audit_id/erase': () => ({ reason: 'reads the table' }),
  'POST /api/v1/keys': () => ({ name: 'fresh', kind: 'service', role: 'tester' }),
  'POST /api/v1/keys/:key_id/rotate': () => ({}),
  'POST /api/v1/budget/reserve': (agentId) => ({
    ...{ agent_id: agentId, max_cost_usd: 0.01, max_tokens: 1 },
    ttl_s: 1,
  }),
  'POST /api/v1/budget/settle': () => ({ reservation_id: newId(), tokens_used: 1, cost_usd: 0.01 }),
  'POST /api/v1/events/ingest/batch': (agentId) => [{ agent_id: agentId, operation_type: 'tool_use' }],
  'POST /api/v1/metrics/batch': (agentId) => [{ agent_id: agentId, metric_type: 'execution' }],
  'POST /api/v1/events/ingest': (agentId) => ({ agent_id: agentId, operation_type: 'tool_use' }),
};

/** What a route must be asked with. */
const QUERIES: Readonly<Record<string, string>> = {
  'GET /api/v1/audit/proof/inclusion': `?audit_id=${NO_ID}`,
  'GET /api/v1/audit/proof/consistency': '?from=1&to=1',
};

/** A valid body for a route about an agent; undefined where it takes none. */
export function bodyOf(route: string, agentId: string): Record<string, unknown> | unknown[] | undefined {
  return BODIES[route]?.(agentId);
}

/** What a route answers who may call it. */
export function successOf(route: string): number {
  if (route.startsWith('WS ')) return 101;
  // There is nothing of this name; a reservation that may be settled is made in the tests of budgets.
  if (route === 'GET /docs/LICENSE' || route === 'POST /api/v1/budget/settle') return 404;
  if (/:approval_id|:audit_id|:hold_id|:sink_id|:session_id|proof\/inclusion/.test(route)) return 404;
  if (route === 'POST /api/v1/audit/verify') return 202;
  if (/^POST .*\/(ingest|metrics)\/batch$/.test(route)) return 207;
  if (/^POST .*\/(rbac\/|policy\/reload)/.test(route)) return 200;
  if (route.startsWith('DELETE ')) return 204;
  return route.startsWith('POST ') && !/\/(activate|complete)$/.test(route) ? 201 : 200;
}

/** What the calls of a route are about. */
export interface Subject {
  readonly id: string;
  readonly name: string;
  /** For the routes of keys. */
  readonly keyId?: string;
}

/**
 * Calls a route as it is meant to be called, about one agent or key.
 * @param headers the credentials. @param query as `?a=b`.
 */
export async function call(
  service: TestService,
  { route }: AccessRow,
  agent: Subject,
  headers: Record<string, string>,
  query = '',
): Promise<CallOutcome> {
  const [method = '', template = ''] = route.split(' ');
  const path = template.replace(':agent_id', agent.id).replace(':agent_name', agent.name);
  const target =
    path
      .replace(':key_id', agent.keyId ?? NO_ID)
      .replace(':role', 'tester')
      .replace(':version', service.get(PolicyInForce).current.version)
      .replace(':approval_id', NO_ID)
      .replace(':audit_id', NO_ID)
      .replace(':session_id', NO_ID)
      .replace(':hold_id', NO_ID)
      .replace(':sink_id', NO_ID)
      .replace(':dead_letter_id', NO_ID) + queryOf(route, query);
  const traceId = newId();
  const sent = { ...headers, 'x-request-id': traceId };
  if (method === 'WS') {
    const lines = Object.entries({ host: '127.0.0.1', ...sent });
    const answer = await sendUpgrade(service.service.port, { target, headers: lines });
    const body: unknown = answer.status === 101 ? null : JSON.parse(answer.text);
    return { route, target, traceId, status: answer.status, headers: answer.headers, body };
  }
  const answer = await service.request(method, `/${target}`, bodyOf(route, agent.id), {
    key: '',
    headers: sent,
  });
  return { route, target, traceId, ...answer, headers: Object.fromEntries(answer.headers) };
}

function queryOf(route: string, query: string): string {
  const asked = QUERIES[route];
  return asked === undefined ? query : asked + query.replace('?', '&');
}

export interface TestKey {
  readonly id: string;
  readonly secret: string;
}

/** A key of kind `service`, or of kind `agent` where one is given. */
export async function aKey(
  service: TestService,
  role: string,
  agent?: { readonly id: string; readonly name: string },
  bounds: Partial<Pick<NewApiKey, 'kind' | 'owner' | 'expiresAt' | 'networks'>> = {},
): Promise<TestKey> {
  const { key, secret } = await service.get(ApiKeysService).create(systemContext('test'), {
    name: `key of ${role}`,
    kind: agent ? 'agent' : 'service',
    role,
    agentId: agent?.id ?? null,
    ...bounds,
  });
  return { id: key.keyId, secret };
}

/** What could not be delivered to a sink. @returns its id. */
export async function aDeadLetter(service: TestService, sinkId: string): Promise<string> {
  const dead = { deadLetterId: newId(), sinkId, fromSeq: 1, toSeq: 1, queuedAt: null, deadAt: Date.now() };
  await service
    .get(TransactionRunner)
    .run(systemContext('test'), (tx) =>
      service
        .get(DeadLettersRepository)
        .insert(tx, { ...dead, cause: 'exhausted', reason: 'answered 503', attempts: 1 }),
    );
  return dead.deadLetterId;
}

/** Registers an agent. */
export async function register(
  service: TestService,
  name: string,
  changes: Record<string, unknown> = {},
): Promise<{ id: string; name: string }> {
  const { body } = await service.request('POST', '/agents', anAgent({ name, ...changes }));
  return { id: body.agent_id as string, name };
}
