import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { build } from '../support/build.js';
import { merkleRoot, rootOfFrontier } from '../support/merkle-tree.js';
import { openRaw, upTo } from '../support/opened-store.js';
import { Connection, killLeftovers, ServiceProcess } from '../support/process.js';
import { randomFrom } from '../support/random.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';
import { verifyLog } from '../support/verify-log.js';

const ROUNDS = TEST_DIALECT === 'sqlite' ? 20 : 5;
const CONNECTIONS = 16;
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

/** One client of the load: events, one after another, until the service is gone. */
async function ingestUntilGone(port: number, acknowledge: (auditId: string) => void): Promise<void> {
  const connection = new Connection(port);
  try {
    for (;;) {
      const event = { operation_type: 'tool_use', operation_detail: 'x'.repeat(200) };
      const { status, body } = await connection.request('POST', '/api/v1/events/ingest', event);
      if (status !== 201) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
      acknowledge((body as { audit_id: string }).audit_id);
    }
  } catch (error) {
    if (!/^(ECONNRESET|ECONNREFUSED|EPIPE)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    connection.close();
  }
}

describe(`the service, killed ${ROUNDS} times during ingest (seed ${SEED})`, () => {
  const store = newTestStore();
  const acknowledged: string[] = [];
  const verified: { findings: readonly unknown[]; behind: boolean }[] = [];
  let raw: DataSource;

  beforeAll(async () => {
    await build();
    const random = randomFrom(SEED);
    for (let round = 0; round < ROUNDS; round += 1) {
      const service = await ServiceProcess.start(store);
      const target = acknowledged.length + 1 + Math.floor(random() * 300);
      const clients = upTo(CONNECTIONS).map(() =>
        ingestUntilGone(service.port, (auditId) => {
          acknowledged.push(auditId);
          if (acknowledged.length === target) void service.kill('SIGKILL');
        }),
      );
      await Promise.all(clients);
      const { signal } = await service.ended;
      if (signal !== 'SIGKILL') throw new Error(`round ${round}: the service ended by itself`);
      const { findings, checked } = await verifyLog(store);
      verified.push({ findings, behind: acknowledged.length > checked });
    }
    raw = await openRaw(store);
  }, 300_000);
  afterAll(async () => {
    killLeftovers();
    await raw.destroy();
    await store.remove();
  });

  it('has a log that verifies after each', () => {
    expect(verified).toEqual(upTo(ROUNDS).map(() => ({ findings: [], behind: false })));
  });

  it('has every acknowledged event exactly once', async () => {
    const rows = await raw.query<{ audit_id: string }[]>('SELECT audit_id FROM agent_audit_log');
    const counts = new Map<string, number>();
    for (const { audit_id } of rows) counts.set(audit_id, (counts.get(audit_id) ?? 0) + 1);
    expect(acknowledged.length).toBeGreaterThanOrEqual(ROUNDS);
    expect(acknowledged.filter((auditId) => counts.get(auditId) !== 1)).toEqual([]);
    expect(counts.size).toBe(rows.length);
  });

  it('has no gap in its log, and a head that fits it', async () => {
    const rows = await raw.query<{ seq: number; leaf_hash: string }[]>(
      'SELECT seq, leaf_hash FROM agent_audit_log ORDER BY seq',
    );
    expect(rows.map((row) => row.seq)).toEqual(upTo(rows.length));
    const [head] = await raw.query<{ size: number; frontier: string }[]>(
      'SELECT size, frontier FROM agent_audit_head',
    );
    expect(head?.size).toBe(rows.length);
    const leaves = rows.map((row): Buffer => Buffer.from(row.leaf_hash, 'base64'));
    expect(rootOfFrontier(head?.frontier ?? '')).toEqual(merkleRoot(leaves));
  });

  (TEST_DIALECT === 'sqlite' ? it : it.skip)('has a database file without damage', async () => {
    expect(await raw.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(await raw.query('PRAGMA foreign_key_check')).toEqual([]);
  });

  it('starts once more and goes on where the log ends', async () => {
    const rows = await raw.query<unknown[]>('SELECT seq FROM agent_audit_log');
    const service = await ServiceProcess.start(store);
    const connection = new Connection(service.port);
    const { body } = await connection.request('POST', '/api/v1/events/ingest', {});
    expect(body).toMatchObject({ seq: rows.length + 1 });
    connection.close();
    expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });
  });
});
