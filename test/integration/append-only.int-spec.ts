import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { OpenedStore, openRaw, upTo } from '../support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

const REFUSAL = 'agent_audit_log is append-only';
const EXISTS = TEST_DIALECT === 'sqlite' ? REFUSAL : 'duplicate key value';

const COLUMNS = [
  'seq',
  'audit_id',
  'agent_id',
  'agent_name',
  'agent_role',
  'operation_type',
  'rbac_decision',
  'recorded_at',
  'source',
  'principal_id',
  'principal_kind',
  'principal_role',
  'trace_id',
  'text_hash',
  'leaf_hash',
];

/** An INSERT of a forged entry; `seq` and `auditId` are SQL. */
function insert(seq: string, auditId: string, verb = 'INSERT'): string {
  const forged = COLUMNS.slice(2).map((column) => (column === 'recorded_at' ? '1' : "'forged'"));
  return `${verb} INTO agent_audit_log (${COLUMNS.join(', ')}) VALUES (${[seq, auditId, ...forged].join(', ')})`;
}

const ID_OF_2 = '(SELECT audit_id FROM agent_audit_log WHERE seq = 2)';
const UPSERT = "DO UPDATE SET agent_name = 'forged'";

const FORGERIES: [string, string, string][] = [
  ['an UPDATE of a text', "UPDATE agent_audit_log SET rbac_reason = 'forged' WHERE seq = 2", REFUSAL],
  ['an UPDATE of a number', 'UPDATE agent_audit_log SET seq = 9 WHERE seq = 2', REFUSAL],
  ['an UPDATE that changes nothing', 'UPDATE agent_audit_log SET seq = seq', REFUSAL],
  ['a DELETE of one', 'DELETE FROM agent_audit_log WHERE seq = 3', REFUSAL],
  ['a DELETE of all', 'DELETE FROM agent_audit_log', REFUSAL],
  ['an INSERT of a taken sequence number', insert('2', "'new'"), EXISTS],
  ['an INSERT of a taken id', insert('9', ID_OF_2), EXISTS],
  ['an upsert on the sequence number', `${insert('2', "'new'")} ON CONFLICT (seq) ${UPSERT}`, REFUSAL],
  ['an upsert on the id', `${insert('9', ID_OF_2)} ON CONFLICT (audit_id) ${UPSERT}`, REFUSAL],
];

const SQLITE_FORGERIES: [string, string, string][] = [
  ['INSERT OR REPLACE of a sequence number', insert('2', "'new'", 'INSERT OR REPLACE'), REFUSAL],
  ['REPLACE of a sequence number', insert('2', "'new'", 'REPLACE'), REFUSAL],
  ['INSERT OR REPLACE of an id under a new number', insert('9', ID_OF_2, 'INSERT OR REPLACE'), REFUSAL],
  ['INSERT OR IGNORE of a sequence number', insert('2', "'new'", 'INSERT OR IGNORE'), REFUSAL],
  ['UPDATE OR REPLACE', 'UPDATE OR REPLACE agent_audit_log SET seq = 2 WHERE seq = 3', REFUSAL],
];

const POSTGRES_FORGERIES: [string, string, string][] = [
  ['TRUNCATE', 'TRUNCATE agent_audit_log', REFUSAL],
  ['TRUNCATE CASCADE', 'TRUNCATE agent_audit_log CASCADE', REFUSAL],
];

describe('the log', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  let raw: DataSource;
  beforeAll(async () => {
    opened = await OpenedStore.open(store);
    await Promise.all(upTo(5).map((n) => opened.record({ operationDetail: `entry ${n}`, reason: 'why' })));
    raw = await openRaw(store);
  });
  afterAll(async () => {
    await raw.destroy();
    await opened.close();
    await store.remove();
  });

  async function expectRefusal(sql: string, refusal: string): Promise<void> {
    const all = 'SELECT * FROM agent_audit_log ORDER BY seq';
    const before = await opened.reader.query(all);
    await expect(raw.query(sql)).rejects.toThrow(refusal);
    expect(await opened.reader.query(all)).toEqual(before);
  }

  it.each([...FORGERIES, ...(TEST_DIALECT === 'sqlite' ? SQLITE_FORGERIES : POSTGRES_FORGERIES)])(
    'refuses %s',
    (_what, sql, refusal) => expectRefusal(sql, refusal),
  );

  (TEST_DIALECT === 'sqlite' ? describe : describe.skip)('on SQLite', () => {
    it('refuses REPLACE with recursive triggers too', async () => {
      await raw.query('PRAGMA recursive_triggers = ON');
      await expectRefusal(insert('2', "'new'", 'REPLACE'), REFUSAL);
    });
  });

  (TEST_DIALECT === 'postgres' ? describe : describe.skip)('on PostgreSQL', () => {
    it.each([...FORGERIES, ...POSTGRES_FORGERIES])(
      'refuses %s where the session turned triggers off',
      async (_what, sql, refusal) => {
        await expectRefusal(`SET session_replication_role = replica; ${sql}`, refusal);
      },
    );

    it('changes nothing for an INSERT that gives way', async () => {
      const all = 'SELECT * FROM agent_audit_log ORDER BY seq';
      const before = await opened.reader.query(all);
      await raw.query(`${insert('2', "'new'")} ON CONFLICT DO NOTHING`);
      expect(await opened.reader.query(all)).toEqual(before);
    });
  });

  describe('of what may go', () => {
    const ERASE = `UPDATE agent_audit_log SET operation_detail = NULL, target_resource = NULL, rbac_reason = NULL,
      tool_use_id = NULL, context = NULL, text_salt = NULL`;
    const hold = (id: string, bounds = 'NULL, NULL, NULL'): string =>
      `INSERT INTO audit_holds (hold_id, agent_id, from_time, to_time, reason, placed_by, placed_at)
       VALUES ('${id}', ${bounds}, 'case', 'test', 0)`;
    const release = (id: string): string => `UPDATE audit_holds SET released_at = 1 WHERE hold_id = '${id}'`;
    const inDry = async (...statements: string[]): Promise<void> => {
      const runner = raw.createQueryRunner();
      await runner.startTransaction();
      try {
        for (const statement of statements) await runner.query(statement);
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    };
    const MARK = 'UPDATE agent_audit_head SET removable_to = 2';

    it('lets go up to the mark, and nothing above it', async () => {
      await inDry(MARK, 'DELETE FROM agent_audit_log WHERE seq <= 2');
      await expect(inDry(MARK, 'DELETE FROM agent_audit_log WHERE seq <= 3')).rejects.toThrow(REFUSAL);
      await expect(inDry('DELETE FROM agent_audit_log WHERE seq <= 1')).rejects.toThrow(REFUSAL);
    });

    it.each([
      ['of all', undefined, true],
      ['of the agent', "'unknown', NULL, NULL", true],
      ['of another agent', "'other', NULL, NULL", false],
      ['of its time', 'NULL, 1, 9000000000000', true],
      ['of an earlier time', 'NULL, NULL, 1', false],
      ['of a later time', 'NULL, 9000000000000, NULL', false],
    ])('keeps what is under a hold %s', async (_what, bounds, keeps) => {
      for (const change of ['DELETE FROM agent_audit_log WHERE seq = 1', `${ERASE} WHERE seq = 1`]) {
        const tried = inDry(MARK, hold('h', bounds), change);
        if (keeps) await expect(tried).rejects.toThrow(REFUSAL);
        else await tried;
        await inDry(MARK, hold('h', bounds), release('h'), change);
      }
    });

    it('lets the texts of an entry be erased with their salt, once and whole', async () => {
      await inDry(`${ERASE} WHERE seq = 4`);
      for (const change of [
        'UPDATE agent_audit_log SET text_salt = NULL WHERE seq = 4',
        ERASE.replace(', text_salt = NULL', ''),
        ERASE.replace('context = NULL', "context = '{}'"),
        `${ERASE}, agent_name = 'forged' WHERE seq = 4`,
        `${ERASE}, leaf_hash = 'forged' WHERE seq = 4`,
        `${ERASE}, recorded_at = recorded_at + 1 WHERE seq = 4`,
      ])
        await expect(inDry(change)).rejects.toThrow(REFUSAL);
      await expect(inDry(`${ERASE} WHERE seq = 4`, `${ERASE} WHERE seq = 4`)).rejects.toThrow(REFUSAL);
    });
  });

  it('still takes the next entry', async () => {
    const { event } = await opened.record();
    expect(event?.seq).toBe(6);
  });
});
