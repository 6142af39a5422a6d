import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newTestStore, TEST_DIALECT } from '../../../test/support/store.js';
import { AlertingStore, toDraft } from '../test/alerting-store.js';
import { expectedAlerts } from '../test/expected-alerts.js';
import { historiesOf, RULES, START } from '../test/history.js';
import type { AlertContext } from './alert-entry.js';
import type { WatchedEntry } from './watched-entry.js';

const DAY = 86_400_000;
/** Has the database refuse to note what was told, and no longer. */
const REFUSAL = {
  sqlite: [
    `CREATE TRIGGER refuse_raised BEFORE INSERT ON alerts_raised BEGIN SELECT RAISE(ABORT, 'deliberate'); END`,
    'DROP TRIGGER refuse_raised',
  ],
  postgres: [
    'ALTER TABLE alerts_raised ADD CONSTRAINT refuse_raised CHECK (raised_at < 0) NOT VALID',
    'ALTER TABLE alerts_raised DROP CONSTRAINT refuse_raised',
  ],
} as const;
const denial = (seq: number, agentId: string, at: number): WatchedEntry => ({
  ...{ seq, auditId: '', traceId: '', at, agent: { agentId, name: agentId, role: 'developer' } },
  ...{ operationType: 'rbac.check', operationDetail: 'Read', decision: 'denied', context: null },
});

describe('following the log for alerts', () => {
  const test = newTestStore();
  let stores: [AlertingStore, AlertingStore];
  let runs = 0;
  beforeAll(async () => {
    stores = [await AlertingStore.open(test, RULES), await AlertingStore.open(test, RULES)];
  });
  afterAll(async () => {
    for (const { opened } of stores) await opened.close();
    await test.remove();
  });

  /** As two services at once do. */
  const follow = () => Promise.all(stores.map(({ follower }) => follower.catchUp()));
  const told = async () =>
    (await stores[0].alerts()).map((alert) => ({
      ...{ seq: alert.seq, agent: alert.agent_id, type: alert.operation_type, at: alert.recorded_at },
      context: JSON.parse(alert.context!) as AlertContext,
    }));
  const seqById = async (): Promise<Map<string, number>> => {
    const rows = await stores[0].opened.reader.query<{ audit_id: string; seq: number }>(
      'SELECT audit_id, seq FROM agent_audit_log',
    );
    return new Map(rows.map((row) => [row.audit_id, row.seq]));
  };

  it('tells what looking at the whole log anew tells, once, whoever follows and wherever it was broken off', async () => {
    await fc.assert(
      fc.asyncProperty(
        historiesOf(40),
        fc.array(fc.nat({ max: 60 }), { maxLength: 3 }),
        async (log, cuts) => {
          const before = (await told()).length;
          const shift = (runs += 1) * 7 * DAY;
          const agentOf = (agentId: string) => (agentId === 'system' ? agentId : `${agentId}-${runs}`);
          const recorded: WatchedEntry[] = [];
          for (const [index, entry] of log.entries()) {
            const agentId = agentOf(entry.agent.agentId);
            const meant = { ...entry, at: entry.at + shift, agent: { ...entry.agent, agentId } };
            // What is only told counts for nothing, whatever it says of itself.
            const report = toDraft(meant, 'reported');
            const reports = [report, { ...report, operationType: 'alert.denials' }];
            const seq = await stores[index % 2 === 0 ? 0 : 1].record(meant.at, toDraft(meant), ...reports);
            recorded.push({ ...meant, seq });
            if (cuts.includes(index)) await follow();
          }
          await follow();
          const numbers = await seqById();
          const alerts = (await told()).slice(before);
          expect(
            alerts.map(({ agent, context }) => ({
              ...{ rule: context.rule, agent, seq: numbers.get(context.event_id!) },
            })),
          ).toEqual(expectedAlerts(RULES, recorded));
          await follow();
          expect(await told()).toHaveLength(before + alerts.length);
        },
      ),
      { numRuns: 8 },
    );
    expect((await told()).length).toBeGreaterThan(20);
  });

  it('says in an entry of its own what was found', async () => {
    const at = START + 400 * DAY;
    const [store] = stores;
    for (const n of [0, 1, 2]) await store.record(at + n, toDraft(denial(0, 'teller', at + n)));
    await follow();
    const alert = (await told()).find(({ agent, context }) => agent === 'teller' && context.rule === 'often');
    expect(alert).toMatchObject({
      type: 'alert.denials',
      context: {
        ...{
          rule: 'often',
          severity: 'warning',
          subject: 'teller',
          agent_id: 'teller',
          agent_name: 'teller',
        },
        message: 'teller was denied 3 times within 5 minutes.',
        figures: { denials: 3, over: 2, within_minutes: 5 },
        window: { from: new Date(at + 2 - 300_000).toISOString(), to: new Date(at + 2).toISOString() },
      },
    });
    const [entry] = await store.opened.reader.query<Record<string, unknown>>(
      `SELECT a.rbac_decision AS decision, a.source, a.outcome, a.principal_id AS principal, a.trace_id = c.trace_id AS same
       FROM agent_audit_log a JOIN agent_audit_log c ON c.audit_id = ? WHERE a.seq = ?`,
      [alert!.context.event_id, alert!.seq],
    );
    expect(entry).toMatchObject({
      decision: 'unknown',
      source: 'decided',
      outcome: 'warning',
      principal: 'system',
    });
    expect(Boolean(entry!['same'])).toBe(true);
  });

  it('goes on by the time at which entries were recorded, however late it is', async () => {
    const at = START + 500 * DAY;
    const [store] = stores;
    // Two bursts that lie a day apart, both of which nobody followed when they came.
    for (const burst of [at, at + DAY])
      for (const n of [0, 1, 2]) await store.record(burst + n, toDraft(denial(0, 'late', burst + n)));
    await follow();
    const often = (await told()).filter(({ agent, context }) => agent === 'late' && context.rule === 'often');
    expect(often.map(({ context }) => context.window?.to)).toEqual(
      [at + 2, at + DAY + 2].map((time) => new Date(time).toISOString()),
    );
  });

  it('leaves nothing where an alert could not be kept, and tells it the next time', async () => {
    const at = START + 600 * DAY;
    const [store] = stores;
    await store.record(at, toDraft(denial(0, 'unlucky', at)));
    const before = (await told()).length;
    const [refuse, allow] = REFUSAL[TEST_DIALECT];
    await store.opened.sources[0].query(refuse);
    await store.follower.catchUp();
    await store.opened.sources[0].query(allow);
    expect(await told()).toHaveLength(before);
    await follow();
    expect((await told()).slice(before).map(({ agent }) => agent)).toEqual(['unlucky']);
  });

  it('goes through a log of many parts', async () => {
    const at = START + 700 * DAY;
    const [store] = stores;
    const { writer, ctx, trail } = store.opened;
    await store.record(at, toDraft(denial(0, 'deep', at)));
    for (let n = 0; n < 6; n += 1)
      await writer.append(ctx, (tx) => {
        for (let m = 0; m < 1_000; m += 1)
          trail.record(tx, toDraft(denial(0, `crowd-${n % 2}`, 0), m % 2 === 0 ? 'decided' : 'reported'));
      });
    await store.record(at, toDraft(denial(0, 'deeper', at)));
    const before = (await told()).length;
    await follow();
    const rules = (await told()).slice(before).map(({ agent, context }) => [agent, context.rule]);
    expect(rules).toEqual([
      ...[
        ['deep', 'once'],
        ['crowd-0', 'once'],
        ['crowd-0', 'often'],
      ],
      ...[
        ['crowd-1', 'once'],
        ['crowd-1', 'often'],
        ['deeper', 'once'],
      ],
    ]);
  });
});
