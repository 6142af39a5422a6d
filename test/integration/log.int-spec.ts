import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storeOf } from '#persistence';
import { anEvent, OpenedStore, upTo } from '../support/opened-store.js';
import { newTestStore } from '../support/store.js';
import { merkleRoot, rootOfFrontier } from '../support/merkle-tree.js';

type Row = Record<string, string | number | null> & { seq: number };

const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 8785 for a flat object of strings and safe integers: members by code unit, absent ones left out. */
function canonical(members: Record<string, string | number | null>): string {
  const present = Object.entries(members).filter(([, value]) => value !== null);
  present.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${present.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

const LEAF_MEMBERS =
  'seq audit_id agent_id agent_name agent_role operation_type target_type rbac_decision cost_micro tokens_used ' +
  'recorded_at source principal_id principal_kind principal_role route outcome trace_id text_hash';

/** The two hashes of a row, from the row alone. */
function hashesOf(row: Row): { text: string; leaf: string } {
  const texts = {
    context: row['context'] ?? null,
    detail: row['operation_detail'] ?? null,
    reason: row['rbac_reason'] ?? null,
    resource: row['target_resource'] ?? null,
    tool_use_id: row['tool_use_id'] ?? null,
  };
  const salt = Buffer.from(String(row['text_salt']), 'base64');
  const members = LEAF_MEMBERS.split(' ').map((name): [string, string | number | null] => [
    name,
    row[name] ?? null,
  ]);
  return {
    text: sha256(Buffer.of(2), salt, Buffer.from(canonical(texts), 'utf8')).toString('base64'),
    leaf: sha256(
      Buffer.of(0),
      Buffer.from(canonical({ ...Object.fromEntries(members), v: 1 }), 'utf8'),
    ).toString('base64'),
  };
}

const TEXTS = [
  null,
  '',
  'plain',
  'quotes " and \\ and \n\t\u0001',
  '\u2028 ü 漢字 😀',
  '{"a":[1,2.5,"x"]}',
  '\uFFFD',
];

describe('the log', () => {
  const store = newTestStore();
  let opened: OpenedStore;
  let rows: Row[];
  let head: { size: number; frontier: string; log_id: string };

  beforeAll(async () => {
    opened = await OpenedStore.open(store);
    const text = (n: number) => TEXTS[n % TEXTS.length] ?? null;
    await Promise.all(
      upTo(147).map((n) =>
        opened.record({
          agent: { agentId: `agent ${text(n)}`, name: `nämé ${n}`, role: 'developer' },
          operationDetail: text(n),
          targetResource: text(Math.floor(n / 2)),
          reason: text(Math.floor(n / 3)),
          context: n % 5 === 0 ? null : JSON.stringify({ n, text: text(n), deep: [{ n: n / 7 }] }),
          targetType: n % 4 === 0 ? null : 'file',
          costMicro: n % 6 === 0 ? null : n * 10_000_000_000,
          toolUseId: n % 3 === 0 ? null : `toolu_${n}`,
          tokensUsed: n % 3 === 0 ? null : n,
          source: n % 2 === 0 ? 'reported' : 'decided',
          outcome: n % 2 === 0 ? null : 'success',
        }),
      ),
    );
    rows = await opened.reader.query<Row>('SELECT * FROM agent_audit_log ORDER BY seq');
    [head] = (await opened.reader.query('SELECT * FROM agent_audit_head')) as [typeof head];
  });
  afterAll(async () => {
    await opened.close();
    await store.remove();
  });

  it('stores hashes that follow from each row alone', () => {
    expect(rows).toHaveLength(147);
    for (const row of rows) {
      const { text, leaf } = hashesOf(row);
      expect({ seq: row.seq, text_hash: row['text_hash'], leaf_hash: row['leaf_hash'] }).toEqual({
        seq: row.seq,
        text_hash: text,
        leaf_hash: leaf,
      });
    }
  });

  it('covers every column: another value in any gives other hashes', () => {
    const [row] = rows.filter((each) => Object.values(each).every((value) => value !== null));
    if (!row) throw new Error('no entry has all its members');
    for (const column of Object.keys(row).filter((name) => !/^(text_hash|leaf_hash)$/.test(name))) {
      const old = row[column];
      const changed = { ...row, [column]: typeof old === 'number' ? old + 1 : `A${String(old)}` };
      const { text, leaf } = hashesOf(changed);
      expect({ column, same: text === row['text_hash'] && leaf === row['leaf_hash'] }).toEqual({
        column,
        same: false,
      });
    }
  });

  it('salts each text with 32 bytes of its own', () => {
    const salts = rows.map((row) => String(row['text_salt']));
    expect(new Set(salts).size).toBe(rows.length);
    for (const salt of salts) expect(Buffer.from(salt, 'base64')).toHaveLength(32);
  });

  it('has a head whose frontier is that of the tree over its leaves', () => {
    const leaves = rows.map((row) => Buffer.from(String(row['leaf_hash']), 'base64'));
    expect(head.size).toBe(leaves.length);
    expect(head.log_id).toMatch(/^[0-9a-f]{32}$/);
    // 147 = 128 + 16 + 2 + 1
    const subtrees = [
      leaves.slice(0, 128),
      leaves.slice(128, 144),
      leaves.slice(144, 146),
      leaves.slice(146),
    ];
    expect(head.frontier.split(' ')).toEqual(subtrees.map((part) => merkleRoot(part).toString('base64')));
    expect(rootOfFrontier(head.frontier)).toEqual(merkleRoot(leaves));
  });

  it('leaves its head as it was when a unit is rolled back', async () => {
    await expect(
      opened.writer.run(opened.ctx, (tx) => {
        opened.trail.record(tx, anEvent());
        return Promise.reject(new Error('deliberate'));
      }),
    ).rejects.toThrow('deliberate');
    expect(await opened.reader.query('SELECT * FROM agent_audit_head')).toEqual([head]);
  });

  it('shows every entry in the view that the activity module reads', async () => {
    const view = await opened.reader.query<Row>('SELECT seq, activity_id FROM agent_activity ORDER BY seq');
    expect(view).toEqual(rows.map((row) => ({ seq: row.seq, activity_id: row['audit_id'] })));
  });

  it('has one head only', async () => {
    const second = opened.writer.run(opened.ctx, (tx) =>
      storeOf(tx).query("INSERT INTO agent_audit_head (id, log_id, size, frontier) VALUES (2, 'x', 0, '')"),
    );
    await expect(second).rejects.toThrow(/check/i);
  });
});
