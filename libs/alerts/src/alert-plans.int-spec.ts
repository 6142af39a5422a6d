import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AlertKind } from '#rbac';
import { anEvent, OpenedStore } from '../../../test/support/opened-store.js';
import { NotingReader, planOf } from '../../../test/support/plans.js';
import { newTestStore, TEST_DIALECT } from '../../../test/support/store.js';
import { type AlertFilter, AlertsRepository } from './alerts.repository.js';
import { WatchedEntriesRepository } from './watched-entries.repository.js';

const SQLITE = TEST_DIALECT === 'sqlite';
const EVERY: readonly AlertKind[] = ['denials', 'budget_step', 'failure_rate', 'unknown_agent'];

describe('the plan of what is asked for alerts', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let reader: NotingReader;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    // One of many reports, so that a plan that walks them is not the cheapest.
    await opened.writer.append(opened.ctx, (tx) => {
      for (let n = 0; n < 2_000; n += 1)
        opened.trail.record(
          tx,
          anEvent({
            agent: { agentId: `a${n % 7}`, name: 'a', role: 'developer' },
            ...(n % 50 === 0 ? { source: 'decided', decision: 'denied' } : {}),
            ...(n % 50 === 1 ? { source: 'decided', operationType: 'agent.complete' } : {}),
            ...(n % 200 === 2 ? { source: 'decided', operationType: 'alert.denials' } : {}),
          }),
        );
    });
    if (!SQLITE) await opened.sources[0].query('ANALYZE agent_audit_log');
  });
  beforeEach(() => {
    reader = new NotingReader(opened.store, (sql) => sql.includes('FROM agent_audit_log'));
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  async function plan(): Promise<string> {
    expect(reader.asked).toHaveLength(1);
    return planOf(opened.store.readSource, reader.asked[0]!);
  }
  const uses = (index: string): RegExp =>
    new RegExp(
      SQLITE ? `^SEARCH agent_audit_log USING (COVERING )?INDEX ${index} ` : `using ${index} on`,
      'm',
    );
  const UNSORTED = expect.not.stringMatching(/TEMP B-TREE|\bSort\b|Seq Scan/);

  it.each([
    ['denials', 'agent_audit_log_denials'],
    ['failure_rate', 'agent_audit_log_completions'],
  ] as const)('finds what is counted for %s by an index of that alone', async (kind, index) => {
    const now = Date.now();
    const entries = new WatchedEntriesRepository(reader);
    const found = await entries.findCounted(kind, 'a1', { after: now - 60_000, last: now }, 2_000);
    expect(found.length).toBe(kind === 'denials' ? 6 : 0);
    expect(await plan()).toMatch(uses(index));
    expect(await plan()).toEqual(UNSORTED);
  });

  it('goes through the next part of the log, and no other', async () => {
    await opened.sources[0].query('UPDATE alert_progress SET seq = 1000');
    const part = await new WatchedEntriesRepository(reader).next(new Set(EVERY));
    expect(part).toMatchObject({ from: 1_000, to: 2_000, isCut: false });
    expect(part?.entries).toHaveLength(40);
    const lines = (await plan()).split('\n');
    // Each kind by its index within the part, or all of the part: either way from its begin to its end.
    const searches = lines.filter((line) => (SQLITE ? /^SEARCH|^SCAN/ : /Index Cond/).test(line));
    const bounded = SQLITE ? /(seq|rowid)>\? AND (seq|rowid)<\?/ : /seq > [^]*seq <= /;
    expect(searches.length).toBeGreaterThan(0);
    expect(searches.filter((line) => !bounded.test(line))).toEqual([]);
    expect(lines.join('\n')).not.toMatch(/Seq Scan/);
  });

  it('asks nothing of the log where no rule is about entries', async () => {
    await opened.sources[0].query('UPDATE alert_progress SET seq = 0');
    const part = await new WatchedEntriesRepository(reader).next(new Set<AlertKind>(['approvals_waiting']));
    expect(part).toMatchObject({ from: 0, to: 2_000, entries: [] });
    expect(reader.asked).toEqual([]);
  });

  const FILTERS: AlertFilter[] = [{}, { rule: 'a' }, { severity: 'info' }, { agentId: 'a1' }, { since: 1 }];
  it.each(FILTERS)('lists alerts by an index of theirs, for %j', async (filter) => {
    for (const after of [undefined, [1_500]]) {
      reader.asked.length = 0;
      const page = { skip: 0, limit: 5, ...(after ? { after } : {}) };
      await new AlertsRepository(reader).findNewest(filter, page);
      expect(await plan()).toMatch(uses('agent_audit_log_alerts'));
      expect(await plan()).toEqual(UNSORTED);
    }
  });
});
