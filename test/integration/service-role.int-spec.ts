import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { AuditRetention, Checkpointer } from '#audit';
import { newId, systemContext } from '#kernel';
import { eventually } from '../support/eventually.js';
import { OpenedStore } from '../support/opened-store.js';
import { anAgent, TestService } from '../support/service.js';
import { newTestStore, TEST_DIALECT, type TestStore } from '../support/store.js';

/** The set-up that docs/security.md describes: one role owns the tables, the service works as another. */
(TEST_DIALECT === 'postgres' ? describe : describe.skip)('a role that does not own the schema', () => {
  const [owned, admin] = [newTestStore(), newTestStore()];
  const id = newId().replaceAll('-', '').slice(-12);
  const [owner, worker] = [`owner_${id}`, `worker_${id}`];
  const as = (role: string, store: TestStore): TestStore => {
    const url = new URL(store.url);
    [url.username, url.password] = [role, 'secret'];
    return { ...store, url: url.href };
  };
  const schema = (): string => new URL(owned.url).searchParams.get('schema') ?? '';
  const connect = async (url: string): Promise<pg.Client> => {
    const plain = new URL(url);
    plain.search = '';
    const client = new pg.Client({ connectionString: plain.href });
    await client.connect();
    return client;
  };
  let root: pg.Client;

  beforeAll(async () => {
    root = await connect(admin.url);
    await root.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'secret'`);
    await root.query(`CREATE ROLE ${worker} LOGIN PASSWORD 'secret'`);
    await root.query(`CREATE SCHEMA ${schema()} AUTHORIZATION ${owner}`);
    await root.query(`GRANT USAGE ON SCHEMA ${schema()} TO ${worker}`);
    await root.query(
      `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${schema()}
         GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${worker}`,
    );
  });
  afterAll(async () => {
    await owned.remove();
    await admin.remove();
    await root.query(`DROP OWNED BY ${owner}, ${worker}`);
    await root.query(`DROP ROLE ${owner}, ${worker}`);
    await root.end();
  });

  it('is told to have the owner migrate', async () => {
    await expect(OpenedStore.open(as(worker, owned))).rejects.toThrow(/migrate as its owner first/);
  });

  it('does all the work of the service', async () => {
    await (await OpenedStore.open(as(owner, owned))).close();
    const service = await TestService.start({ RBAC_ENABLED: 'true' }, as(worker, owned));
    try {
      const answers = [
        await service.request('POST', '/agents', anAgent()),
        await service.request('POST', '/keys', { name: 'k', kind: 'service', role: 'tester' }),
        await service.request('POST', '/metrics', { agent_id: 'coder', metric_type: 'execution' }),
        await service.request('POST', '/budget/deduct', { agent_id: 'coder', tokens_used: 1, cost_usd: 0.1 }),
        await service.request('POST', '/audit/checkpoint'),
      ];
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
      const events = Array.from({ length: 1_100 }, () => ({ agent_id: 'coder', operation_type: 'tool_use' }));
      await service.request('POST', '/events/ingest/batch', events);
      await service.get(Checkpointer).issue(systemContext('test'));
      const ctx = systemContext('test');
      // What follows the log must be past what goes.
      await eventually('the first segment to go', async () => {
        const { entries } = await service.get(AuditRetention).removeBefore(ctx, Date.now() + 1_000);
        return entries === 1_024;
      });
      const report = await service.request('POST', '/audit/verify');
      expect(report.status).toBe(202);
      await eventually('the verification', async () => {
        const { body } = await service.request('GET', '/audit/verify');
        return body.state === 'done' && body.report.findings.length === 0;
      });
    } finally {
      await service.stop();
    }
  });

  it.each([
    ['drop a trigger', 'DROP TRIGGER agent_audit_log_change ON $log', 'must be owner'],
    ['disable triggers', 'ALTER TABLE $log DISABLE TRIGGER ALL', 'must be owner'],
    ['empty the log', 'TRUNCATE $log', 'permission denied'],
    ['switch triggers off for itself', "SET session_replication_role = 'replica'", 'permission denied'],
    ['change an entry', "UPDATE $log SET agent_id = 'x'", 'append-only'],
    [
      'hide holds and the mark behind tables of its own',
      `CREATE TEMP TABLE audit_holds AS SELECT * FROM $schema.audit_holds;
       CREATE TEMP TABLE agent_audit_head AS SELECT 1 AS id, 999999 AS removable_to;
       SET search_path = pg_temp, $schema; DELETE FROM $log WHERE seq > 1024`,
      'append-only',
    ],
    ['replace the table', 'DROP TABLE $log CASCADE', 'must be owner'],
    ['make another before it', 'CREATE TABLE $schema.other (id int)', 'permission denied'],
  ])('cannot %s', async (_what, sql, refused) => {
    const client = await connect(as(worker, owned).url);
    const text = sql.replaceAll('$log', `${schema()}.agent_audit_log`).replaceAll('$schema', schema());
    await expect(client.query(text)).rejects.toThrow(refused);
    await client.end();
  });
});
