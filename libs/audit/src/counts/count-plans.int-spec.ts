import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenedStore } from '../../../../test/support/opened-store.js';
import { NotingReader, planOf } from '../../../../test/support/plans.js';
import { newTestStore, TEST_DIALECT } from '../../../../test/support/store.js';
import { AuditCountsRepository, COUNT_GROUPS, type CountQuestion } from './audit-counts.repository.js';

const DAY_MS = 86_400_000;
const DAYS = { from: DAY_MS, to: 9 * DAY_MS };

describe('the plan of counting the log', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  const questions: CountQuestion[] = [
    {},
    ...COUNT_GROUPS.map((groupBy) => ({ groupBy, days: DAYS })),
    { agentId: 'a', groupBy: 'day', days: DAYS },
  ];
  it.each(questions.map((question) => [JSON.stringify(question), question] as const))(
    'for %s reads what is kept by its key, and of the log what is behind that alone',
    async (_name, question) => {
      const reader = new NotingReader(opened.store);
      await new AuditCountsRepository(reader).count(question);
      expect(reader.asked).toHaveLength(1);
      const plan = await planOf(opened.store.readSource, reader.asked[0]!, ['seqscan', 'bitmapscan']);
      if (TEST_DIALECT === 'postgres') {
        expect(plan).not.toMatch(/Seq Scan on (audit_counts|agent_audit_log)/);
        expect(plan).toMatch(/using agent_audit_log_(pkey|agent) on agent_audit_log\n *Index Cond: .*seq > /);
        expect(plan).toMatch(/using audit_counts_pkey on audit_counts\n *Index Cond: .*scope = .*day/);
        return;
      }
      expect(plan).not.toMatch(/SCAN (audit_counts|agent_audit_log)/);
      expect(plan).toMatch(
        /SEARCH agent_audit_log USING (INTEGER PRIMARY KEY \(rowid>|INDEX agent_audit_log_agent \(agent_id=\? AND seq>)/,
      );
      expect(plan).toMatch(/SEARCH audit_counts USING PRIMARY KEY \(scope=\? AND day[=>]/);
    },
  );
});
