import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { upTo } from '../support/opened-store.js';
import { randomFrom } from '../support/random.js';
import { anAgent, TestService } from '../support/service.js';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 12;
const STEPS = 40;
/** Few names, so that clients meet. */
const NAMES = ['ash', 'birch', 'cedar', 'elm', 'fir'];
const CATEGORIES = ['red', 'green', 'blue'];

/** What a client asked for and was answered. */
interface Call {
  readonly kind: 'create' | 'update' | 'retire' | 'deduct' | 'ingest';
  readonly name: string;
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read answers as clients do, without types
  readonly body: any;
}

/** One entry of the log, as the API serves it. */
interface Entry {
  readonly audit_id: string;
  readonly seq: number;
  readonly agent: { agent_id: string; name: string };
  readonly operation: { type: string };
  readonly cost: { usd: number | null; tokens_used: number | null };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  readonly context: any;
}

/** What of an agent the model knows too. */
interface ShownAgent {
  readonly agent_id: string;
  readonly name: string;
  readonly metadata: { category: string };
  readonly budget: { tokens_used_today: number; cost_used_today: number };
}

interface ModelAgent {
  readonly agentId: string;
  readonly name: string;
  category: string;
  version: number;
}

/** The sequential model: applies entries in log order and refuses what could not have happened in that order. */
class Model {
  readonly live = new Map<string, ModelAgent>();
  readonly retired = new Set<string>();
  readonly spent = new Map<string, { tokens: number; micro: number }>();

  apply({ operation, agent, context, cost }: Entry): void {
    if (operation.type === 'agent.register') this.register(agent.agent_id, agent.name);
    else if (operation.type === 'agent.update') this.update(agent.agent_id, context);
    else if (operation.type === 'agent.retire') this.retire(agent.agent_id);
    else if (operation.type === 'budget.deduct') this.deduct(context.agent_id, cost, context);
  }

  private register(agentId: string, name: string): void {
    const holder = [...this.live.values()].find((each) => each.name === name);
    if (holder) throw new Error(`${name} was registered while ${holder.agentId} had the name`);
    if (this.retired.has(agentId)) throw new Error(`${agentId} was registered again`);
    this.live.set(agentId, { agentId, name, category: 'none', version: 1 });
  }

  private update(
    agentId: string,
    context: { version: number; changes: { metadata_category: string } },
  ): void {
    const agent = this.live.get(agentId);
    if (!agent) throw new Error(`${agentId} was updated and is not alive`);
    if (context.version !== agent.version + 1) throw new Error(`${agentId} lost an update`);
    agent.version = context.version;
    agent.category = context.changes.metadata_category;
  }

  private retire(agentId: string): void {
    if (!this.live.delete(agentId)) throw new Error(`${agentId} was retired and was not alive`);
    this.retired.add(agentId);
  }

  private deduct(account: string, cost: Entry['cost'], after: Record<string, number>): void {
    const sums = this.spent.get(account) ?? { tokens: 0, micro: 0 };
    sums.tokens += cost.tokens_used ?? 0;
    sums.micro += Math.round((cost.usd ?? 0) * 1e6);
    this.spent.set(account, sums);
    expect(after).toMatchObject({ tokens_used_today: sums.tokens, cost_used_today: sums.micro / 1e6 });
  }
}

describe(`a random history of ${CLIENTS} clients (seed ${SEED})`, () => {
  let service: TestService;
  let calls: Call[];
  let entries: Entry[];
  const model = new Model();

  async function step(random: () => number): Promise<Call> {
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const name = pick(NAMES);
    const call = async (kind: Call['kind'], method: string, path: string, body?: unknown): Promise<Call> => {
      const answer = await service.request(method, path, body);
      return { kind, name, status: answer.status, body: answer.body };
    };
    const dice = random();
    if (dice < 0.2) return call('create', 'POST', '/agents', anAgent({ name, metadata_category: 'none' }));
    if (dice < 0.4) return call('update', 'PUT', `/agents/${name}`, { metadata_category: pick(CATEGORIES) });
    if (dice < 0.5) return call('retire', 'DELETE', `/agents/${name}`);
    if (dice < 0.75) {
      const spent = { tokens_used: Math.floor(random() * 1_000), cost_usd: Math.floor(random() * 1e6) / 1e6 };
      return call('deduct', 'POST', '/budget/deduct', { agent_id: name, ...spent });
    }
    return call('ingest', 'POST', '/events/ingest', { agent_id: name });
  }

  async function readLog(): Promise<Entry[]> {
    const all: Entry[] = [];
    for (;;) {
      const { body } = await service.request('GET', `/events/audit?limit=500&skip=${all.length}`);
      all.push(...(body as Entry[]));
      if ((body as Entry[]).length < 500) return all.reverse();
    }
  }

  beforeAll(async () => {
    service = await TestService.start();
    const made = await Promise.all(
      upTo(CLIENTS).map(async (client) => {
        const random = randomFrom(SEED + client);
        const own: Call[] = [];
        for (let n = 0; n < STEPS; n += 1) own.push(await step(random));
        return own;
      }),
    );
    calls = made.flat();
    entries = await readLog();
  });
  afterAll(() => service.remove());

  const of = (kind: Call['kind'], status: number): Call[] =>
    calls.filter((call) => call.kind === kind && call.status === status);

  it('is answered with what the contract says', () => {
    const allowed = {
      create: [201, 409],
      update: [200, 404],
      retire: [204, 404],
      deduct: [201],
      ingest: [201],
    };
    const odd = calls.filter(({ kind, status }) => !allowed[kind].includes(status));
    expect(odd).toEqual([]);
  });

  it('has one entry for each acknowledged call, and none beside', () => {
    expect(entries.map((entry) => entry.seq)).toEqual(upTo(entries.length));
    const count = (type: string): number => entries.filter((entry) => entry.operation.type === type).length;
    expect({
      'agent.register': count('agent.register'),
      'agent.update': count('agent.update'),
      'agent.retire': count('agent.retire'),
      'budget.deduct': count('budget.deduct'),
      // A threshold is crossed by whichever charge gets there.
      all: entries.length - count('budget.threshold'),
    }).toEqual({
      'agent.register': of('create', 201).length,
      'agent.update': of('update', 200).length,
      'agent.retire': of('retire', 204).length,
      'budget.deduct': of('deduct', 201).length,
      all: calls.filter((call) => call.status < 300).length,
    });
  });

  it('equals the sequential model that is told the entries in log order', async () => {
    for (const entry of entries) model.apply(entry);
    const { body } = await service.request('GET', '/agents?limit=500');
    const shown = (body as ShownAgent[]).map((agent) => ({
      agentId: agent.agent_id,
      name: agent.name,
      category: agent.metadata.category,
      tokens: agent.budget.tokens_used_today,
      cost: agent.budget.cost_used_today,
    }));
    const expected = [...model.live.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ agentId, name, category }) => {
        const { tokens, micro } = model.spent.get(agentId) ?? { tokens: 0, micro: 0 };
        return { agentId, name, category, tokens, cost: micro / 1e6 };
      });
    expect(shown).toEqual(expected);
  });

  it('resolves every name as the registry has it', async () => {
    for (const name of NAMES) {
      const agent = [...model.live.values()].find((each) => each.name === name);
      const { body } = await service.request('POST', '/events/ingest', { agent_id: name });
      expect(body.agent.agent_id).toBe(agent?.agentId ?? name);
    }
  });

  it('charged exactly what clients were told was charged', () => {
    const told = of('deduct', 201).length;
    const spent = [...model.spent.values()].reduce((sum, each) => sum + each.tokens, 0);
    const entered = entries.reduce((sum, entry) => sum + (entry.cost.tokens_used ?? 0), 0);
    expect(told).toBeGreaterThan(0);
    expect(spent).toBe(entered);
  });
});
