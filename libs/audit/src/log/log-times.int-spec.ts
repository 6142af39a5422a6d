import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Place } from '#contract';
import { insertRows, placeholders } from '#persistence';
import { OpenedStore } from '../../../../test/support/opened-store.js';
import { newTestStore } from '../../../../test/support/store.js';
import { AuditRepository } from '../audit.repository.js';
import type { AuditFilter } from './log-query.js';

const START = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const FIRST = 21;
const LAST = 600;
const COLUMNS = [
  ...['seq', 'audit_id', 'agent_id', 'agent_name', 'agent_role', 'operation_type', 'rbac_decision'],
  ...['recorded_at', 'source', 'principal_id', 'principal_kind', 'principal_role', 'trace_id'],
  ...['text_hash', 'leaf_hash'],
];

/** One entry a minute; every seventh by a clock that is most of an hour behind, some two in one moment. */
function timeOf(seq: number): number {
  const minute = seq % 11 === 0 ? seq - 1 : seq;
  return START + (minute - (seq % 7 === 0 ? 55 : 0)) * MINUTE_MS;
}

const agentOf = (seq: number): string => (seq < 200 && seq % 10 === 0 ? 'quiet' : 'busy');

function toRow(seq: number): unknown[] {
  const agent = agentOf(seq);
  const who = ['reported', 'local', 'anonymous', 'admin', `t-${seq % 3}`, 'h', 'l'];
  return [seq, `id-${seq}`, agent, agent, 'developer', 'tool_use', 'allowed', timeOf(seq), ...who];
}

describe('the entries of a period', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let repository: AuditRepository;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    repository = new AuditRepository(opened.reader);
    const [write] = opened.sources;
    const query = <Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> =>
      write.query(placeholders(opened.store.dialect, sql), [...parameters]);
    const rows = Array.from({ length: LAST - FIRST + 1 }, (_, index) => toRow(FIRST + index));
    await insertRows({ query, dialect: opened.store.dialect }, 'agent_audit_log', COLUMNS, rows);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  async function walk(filter: AuditFilter, limit: number): Promise<number[]> {
    const found: number[] = [];
    let after: Place | null | undefined;
    do {
      const page = { skip: 0, limit, ...(after ? { after } : {}) };
      const { items, next } = await repository.findNewest(filter, page);
      found.push(...items.map(({ seq }) => seq));
      after = next;
    } while (after);
    return found;
  }

  const minutes = fc.option(
    fc.integer({ min: -2, max: LAST + 2 }).map((minute) => START + minute * MINUTE_MS),
  );

  it('are all found, newest first, however far within an hour clocks disagree', async () => {
    await fc.assert(
      fc.asyncProperty(
        minutes,
        minutes,
        fc.constantFrom('quiet', 'busy', undefined),
        fc.constantFrom(7, 100, 1000),
        async (from, to, agentId, limit) => {
          const expected = Array.from({ length: LAST - FIRST + 1 }, (_, index) => LAST - index).filter(
            (seq) =>
              timeOf(seq) >= (from ?? 0) &&
              timeOf(seq) < (to ?? Infinity) &&
              (agentId ?? agentOf(seq)) === agentOf(seq),
          );
          expect(await walk({ from, to, agentId }, limit)).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are those of a request, where one is asked for', async () => {
    const from = START + 300 * MINUTE_MS;
    const found = await walk({ from, to: from + 100 * MINUTE_MS, traceId: 't-1' }, 5);
    expect(found.length).toBeGreaterThan(25);
    for (const seq of found) expect(seq % 3).toBe(1);
  });
});
