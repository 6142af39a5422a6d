import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditRetention } from '#audit';
import { systemContext } from '#kernel';
import { aKey, register } from '../support/access-calls.js';
import {
  entriesOf,
  exportText,
  type Line,
  linesOf,
  publicKeyOf,
  rootOfExport,
  verified,
} from '../support/exports.js';
import { ADMIN_KEY, TestService } from '../support/service.js';

const TEXTS = [
  'git push',
  'a; =1+1',
  '=HYPERLINK("http://x")',
  'a "quoted", cell',
  'two\nlines',
  '\u{1F600} grüße',
];
/** More than two whole segments. */
const EVENTS = 2_300;

describe('an export of the audit trail', () => {
  let service: TestService;
  let key: Buffer;
  let coder: { id: string; name: string };
  const noteOf = (lines: readonly Line[]): string[] => (lines.at(-1).checkpoint as string).split('\n');

  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true', CHECKPOINT_INTERVAL: '24h' });
    key = await publicKeyOf(service);
    coder = await register(service, 'coder');
    await register(service, 'other');
    const events = Array.from({ length: EVENTS }, (_, n) => ({
      agent_id: n % 97 === 0 ? coder.id : 'other',
      operation_type: n % 2 ? 'tool_use' : 'file_write',
      operation_detail: `${TEXTS[n % TEXTS.length]} ${n}`,
      ...(n % 3 ? {} : { context: { n, deep: ['x'] }, cost_usd: n / 1000 }),
    }));
    const { status } = await service.request('POST', '/events/ingest/batch', events);
    expect(status).toBe(207);
  });
  afterAll(() => service.remove());

  it('holds every entry once, in order, with exact leaves and texts, up to a signed checkpoint', async () => {
    const lines = linesOf(await exportText(service));
    const [head, ...rest] = lines;
    const entries = rest.slice(0, -1);
    expect(head).toMatchObject({ type: 'export', tree_size: entries.length, after_seq: 0, filter: {} });
    expect(entries.map(({ leaf_index }) => leaf_index)).toEqual(entries.map((_, index) => index));
    for (const { leaf, leaf_hash, text, entry } of entries) {
      const bytes = Buffer.from(leaf, 'base64');
      expect(createHash('sha256').update(Buffer.of(0)).update(bytes).digest('base64')).toBe(leaf_hash);
      const hashed = [Buffer.of(2), Buffer.from(text.salt, 'base64'), Buffer.from(text.body)];
      const stated = JSON.parse(bytes.toString());
      expect(createHash('sha256').update(Buffer.concat(hashed)).digest('base64')).toBe(stated.text_hash);
      expect(stated.audit_id).toBe(entry.audit_id);
    }
    const [origin, size, root] = noteOf(lines);
    expect([origin, size]).toEqual([head.origin, String(entries.length)]);
    expect(rootOfExport(lines)).toBe(root);
    expect(entries.at(-1).entry.operation.type).toBe('audit.export');
  });

  it.each([
    ['an agent', '?agent_id=coder', ({ agent }: Line) => agent.name === 'coder'],
    ['one kind', '?operation_type=tool_use', ({ operation }: Line) => operation.type === 'tool_use'],
    ['words', '?q=push', ({ operation }: Line) => /push/.test(operation.detail)],
    ['a decision', '?rbac_decision=allowed', ({ rbac }: Line) => rbac.decision === 'allowed'],
    ['a role', '?agent_role=tester', () => false],
    ['a time to come', '?start_date=2100-01-01', () => false],
    ['a time long past', '?end_date=2000-01-01', () => false],
    ['all time', '?start_date=2000-01-01&end_date=2100-01-01', () => true],
    ['an entry on', '?after_seq=1500', ({ seq }: Line) => seq > 1_500],
  ])('by %s holds what a whole one has of it, and proves it', async (_what, query, holds) => {
    const text = await exportText(service, query);
    const whole = entriesOf(await exportText(service)).map(({ entry }) => entry);
    const lines = linesOf(text);
    const { tree_size: size } = lines[0];
    const expected = whole.filter((entry) => entry.seq <= size && holds(entry));
    expect(entriesOf(text).map(({ entry }) => entry)).toEqual(expected);
    expect(rootOfExport(lines)).toBe(noteOf(lines)[2]);
    expect(verified(text, key)).toMatchObject({
      ...{ findings: [], more: 0, treeSize: size, entries: expected.length, leftOut: size - expected.length },
    });
  });

  it('leaves an entry that says who took what, without its secrets', async () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    await exportText(service, `?format=csv&q=${secret}`);
    const { body } = await service.request('GET', '/events/audit?operation_type=audit.export&limit=1');
    expect(body[0]).toMatchObject({
      principal: { id: 'admin' },
      context: { format: 'csv', after_seq: 0, redacted: ['github_token'] },
    });
    expect(JSON.stringify(body[0])).not.toContain(secret);
  });

  it('gives an agent its own entries, and nothing of others but hashes', async () => {
    const { secret } = await aKey(service, 'developer', coder);
    const text = await exportText(service, '', secret);
    const agents = new Set(entriesOf(text).map(({ entry }) => entry.agent.agent_id));
    expect(agents).toEqual(new Set([coder.id]));
    expect(text).not.toContain('other');
    expect(verified(text, key).findings).toEqual([]);
    const told = await service.request('GET', '/events/audit?operation_type=audit.export&limit=1');
    const foreign = await service.request('GET', '/audit/export?agent_id=other', undefined, {
      key: secret,
    });
    expect([foreign.status, foreign.body.code]).toEqual([403, 'NOT_OWN_AGENT']);
    // What was refused is not told as exported.
    const after = await service.request('GET', '/events/audit?operation_type=audit.export&limit=1');
    expect(after.body).toEqual(told.body);
  });

  it("lets no agent's key have the log signed again and again, and nobody by HEAD", async () => {
    const { secret } = await aKey(service, 'developer', coder);
    const checkpoints = async () =>
      (await service.request('GET', '/audit/checkpoints?limit=500')).body.length;
    await exportText(service);
    const before = await checkpoints();
    for (let n = 0; n < 3; n += 1) await exportText(service, '', secret);
    for (let n = 0; n < 3; n += 1) {
      const { status, body } = await service.request('HEAD', '/audit/export');
      expect([status, body]).toEqual([200, '']);
    }
    expect(await checkpoints()).toBe(before);
    await exportText(service);
    expect((await checkpoints()) - before).toBe(1);
  });

  describe('as CSV', () => {
    /** RFC 4180, with every cell quoted. */
    function rowsOf(text: string): string[][] {
      const rows: string[][] = [[]];
      for (const [, cell = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|)(,|\r\n)/g)) {
        rows.at(-1)!.push(cell.replaceAll('""', '"'));
        if (end === '\r\n') rows.push([]);
      }
      return rows.slice(0, -1);
    }

    it('holds the same entries, and no cell that a spreadsheet would take for a formula', async () => {
      const whole = entriesOf(await exportText(service)).map(({ entry }) => entry);
      // Its mark of UTF-8 is not in the text that `fetch` gives.
      const text = await exportText(service, '?format=csv');
      const [names, ...rows] = rowsOf(text);
      expect(rows).toHaveLength(whole.length + 1);
      for (const [index, entry] of whole.entries()) {
        const row = Object.fromEntries(names!.map((name, column) => [name, rows[index]![column]]));
        const detail = entry.operation.detail ?? '';
        expect(row).toMatchObject({
          seq: String(entry.seq),
          audit_id: entry.audit_id,
          operation_detail: detail.startsWith('=') ? `'${detail}` : detail.replace('; =', "; '="),
        });
      }
      const cells = rows.flat().flatMap((cell) => cell.split(/[;\t\r\n] */));
      expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
      expect(
        text.split('\r\n').filter((row) => /(^|,)(,|$)/.test(row.replace(/"([^"]|"")*"/g, '""'))),
      ).toEqual(['']);
    });

    it('goes on behind what is there', async () => {
      const whole = await exportText(service, '?format=csv&agent_id=coder');
      const rows = whole.split('\r\n');
      const [, seq] = /^"(\d+)"/.exec(rows[5]!) as unknown as [string, string];
      const { body } = await service.request('GET', '/audit/checkpoint');
      const size = (body as string).split('\n')[1];
      const rest = await exportText(service, `?format=csv&agent_id=coder&after_seq=${seq}&tree_size=${size}`);
      expect(`${rows.slice(0, 6).join('\r\n')}\r\n${rest}`).toBe(whole);
    });
  });

  it.each([
    ['?format=xml', 'format'],
    ['?after_seq=-1', 'after_seq'],
    ['?after_seq=99999999', 'after_seq'],
    ['?tree_size=3', 'tree_size'],
    ['?q=*', 'q'],
  ])('of %s is refused', async (query, path) => {
    const { status, body } = await service.request('GET', `/audit/export${query}`, undefined, {
      key: ADMIN_KEY,
    });
    expect([status, body.errors[0].path]).toEqual([422, path]);
  });

  it('proves an entry whose texts were erased, without them', async () => {
    const { secret } = await aKey(service, 'admin', undefined, { kind: 'human' });
    const [{ entry }] = entriesOf(await exportText(service, '?q=push'));
    const erased = await service.request(
      'POST',
      `/audit/entries/${entry.audit_id}/erase`,
      { reason: 'asked to' },
      { key: secret },
    );
    expect(erased.status).toBe(200);
    const text = await exportText(
      service,
      `?after_seq=${Number(entry.seq) - 1}&agent_id=${entry.agent.agent_id}`,
    );
    const [line] = entriesOf(text);
    expect(line).toMatchObject({ text: null, entry: { audit_id: entry.audit_id, redacted: true } });
    expect(line.entry.operation.detail).toBeNull();
    expect(verified(text, key)).toMatchObject({ findings: [], erased: 1 });
  });

  it('proves what is left when the beginning was removed', async () => {
    const ctx = systemContext('test');
    const { entries } = await service.get(AuditRetention).removeBefore(ctx, Date.now() + 1);
    expect(entries).toBe(2_048);
    const lines = linesOf(await exportText(service));
    expect(lines.slice(1, 3)).toMatchObject([
      { type: 'gap', from: 0, to: 2_048, hashes: [expect.any(String)] },
      { type: 'entry', leaf_index: 2_048 },
    ]);
    expect(rootOfExport(lines)).toBe(noteOf(lines)[2]);
  });
});
