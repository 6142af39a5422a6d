import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, logSize, newestEntries, visibleState } from '../support/answers.js';
import { nested } from '../support/bad-values.js';
import { type BatchAnswer, NDJSON, sendBatch } from '../support/batch-client.js';
import { anAgent, TestService } from '../support/service.js';

const JSON_TYPE = { 'content-type': 'application/json' };

/** Items as text, each a JSON value; what the single call answers is the measure. */
const ITEMS: readonly string[] = [
  '{"agent_id":"coder","operation_type":"tool_use","metric_type":"cost","cost_usd":1.5,"tokens_used":7}',
  '{"agent_id":"coder","metric_type":"execution","event_id":"e-1","context":{"a":[1,null]}}',
  '{"agent_id":"coder","metric_type":"quality","operation_type":"tool_use","context":{"tool_use_id":"t-1"}}',
  '{}',
  ' {"agent_id":"coder","metric_type":"cost"}\t',
  '{"agent_id":"nobody","metric_type":"cost","cost_usd":1}',
  '{"agent_id":"coder","metric_type":"other","cost_usd":-1,"tokens_used":1.5,"rbac_decision":"perhaps"}',
  '{"agent_id":7,"metric_type":"cost","context":[]}',
  '{"agent_id":"coder","metric_type":"cost","operation_detail":"a\\u0000b","context":{"\\ud800":"\\udc00"}}',
  '{"agent_id":"coder","metric_type":"cost","__proto__":{"admin":true},"constructor":1,"extra":{"x":1}}',
  '{"__proto__":{"agent_id":"coder","metric_type":"cost"}}',
  `{"agent_id":"coder","metric_type":"cost","a":${nested(100)}}`,
  `{"agent_id":"coder","metric_type":"cost","operation_detail":"${'€'.repeat(70_000)}"}`,
  '{"agent_id":"coder","metric_type":"cost","cost_usd":1e400}',
  '{"agent_id":"coder","metric_type":"cost","recorded_at":"2999-01-01"}',
  '{"agent_id":"coder","metric_type":"cost","agent_id":"nobody"}',
  'null',
  '[]',
  '[{}]',
  '"x"',
  '1',
  'true',
];
const NOT_JSON = ['{', 'nope', '{"a":1}}', '{"a":1}{"a":1}', '\u0000', "{'a':1}", '"', '\u00a0{}', 'NaN'];

/** What differs from one call to the next made alike. */
const alike = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replace(/"(seq|tokens_used_today|cost_used_today|remaining_cost)":[\d.]+/g, '"$1":0')
      .replace(/\/batch"/g, '"'),
  );

describe.each([
  ['/events/ingest', 'audit_id'],
  ['/metrics', 'metric_id'],
])('a batch for %s', (single, idName) => {
  const path = `${single}/batch`;
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ BODY_LIMIT: '300kb' });
    await service.request('POST', '/agents', anAgent());
  });
  afterAll(() => service.remove());

  const good = (detail: string): string =>
    JSON.stringify({ agent_id: 'coder', metric_type: 'execution', context: { detail } });
  const problemOf = ({ code, detail, errors }: Record<string, unknown>) => ({ code, detail, errors });
  const expectRefusal = (answer: BatchAnswer, status: number, code: string, ...paths: string[]): void =>
    expectProblem(
      { ...answer, headers: new Headers(answer.headers as Record<string, string>) },
      status,
      code,
      ...paths,
    );
  /** The entries since `before`, in order, ids and times made alike. */
  async function entriesSince(before: number): Promise<unknown> {
    const entries = await newestEntries(service, Math.max(1, (await logSize(service)) - before));
    return alike(entries.reverse());
  }

  it('does for each item of an array what the single call does', async () => {
    const start = await logSize(service);
    const singles = [];
    for (const item of ITEMS) singles.push(await service.request('POST', single, item));
    const expectedEntries = await entriesSince(start);
    const before = await logSize(service);
    const { status, body } = await sendBatch(service, path, [`[${ITEMS.join(',')}]`], JSON_TYPE);
    expect(status).toBe(207);
    expect(body.results.map(({ error, ...rest }: { error?: object }) => [Object.keys(rest), error])).toEqual(
      singles.map((answer) =>
        answer.status === 201
          ? [['index', 'status', 'id'], undefined]
          : [['index', 'status'], problemOf(answer.body)],
      ),
    );
    expect(body.results.map((result: { status: number }) => result.status)).toEqual(
      singles.map((answer) => answer.status),
    );
    expect(body.results.map((result: { index: number }) => result.index)).toEqual(ITEMS.map((_, i) => i));
    const accepted = singles.filter((answer) => answer.status === 201).length;
    expect([body.accepted, body.rejected]).toEqual([accepted, ITEMS.length - accepted]);
    expect(sorted(await entriesSince(before))).toEqual(sorted(expectedEntries));
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('does the same for each line, and says only what it refused', async () => {
    const lines = [...ITEMS, ...NOT_JSON];
    const singles = [];
    for (const line of lines) singles.push(await service.request('POST', single, line));
    const start = await logSize(service);
    const answer = await sendBatch(service, path, [lines.join('\n')]);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
    const refused = singles.flatMap(({ status, body }, index) => {
      if (status === 201) return [];
      const detail = body.code === 'INVALID_JSON' ? 'The line is not JSON.' : body.detail;
      return [{ index, status, error: { ...problemOf(body), detail } }];
    });
    const accepted = lines.length - refused.length;
    expect(answer.lines).toEqual([...refused, { accepted, rejected: refused.length }]);
    expect((await logSize(service)) - start).toBeGreaterThanOrEqual(accepted);
  });

  it('names what it recorded, in the order of the items', async () => {
    const { body } = await sendBatch(service, path, [`[${good('one')},1,${good('two')}]`], JSON_TYPE);
    const [two, one] = await newestEntries(service, 2);
    const idOf = (entry: { audit_id: string; target: { resource: string } }): string =>
      idName === 'audit_id' ? entry.audit_id : entry.target.resource;
    expect(body.results.map((result: { id?: string }) => result.id)).toEqual([
      idOf(one),
      undefined,
      idOf(two),
    ]);
    expect(two.seq).toBe(Number(one.seq) + 1);
    expect([one.trace_id, two.trace_id]).toEqual([two.trace_id, one.trace_id]);
  });

  it('takes lines ended by CR LF, blank ones, a byte order mark, bytes that are not UTF-8, and no last LF', async () => {
    const start = await logSize(service);
    const bytes = [
      Buffer.from(`\ufeff${good('a')}\r\n\r\n \t\n\n${good('b')}\n`),
      Buffer.from(good('c?').replace('?', '\xff'), 'latin1'),
    ];
    expect((await sendBatch(service, path, bytes)).lines).toEqual([{ accepted: 3, rejected: 0 }]);
    expect((await logSize(service)) - start).toBe(3);
    const [newest] = await newestEntries(service);
    expect(JSON.stringify(newest.context)).toContain('c\ufffd');
  });

  it('counts blank lines as lines', async () => {
    const { lines } = await sendBatch(service, path, [`\n\n{\n${good('a')}\n\n{`]);
    expect(lines.map((line) => line.index)).toEqual([2, 5, undefined]);
  });

  it('refuses a line beyond BODY_LIMIT alone', async () => {
    const long = `{"padding":"${'x'.repeat(300 * 1024)}"}`;
    const { lines } = await sendBatch(service, path, [`${good('a')}\n${long}\n${long}${long}\n${good('b')}`]);
    const error = { code: 'PAYLOAD_TOO_LARGE', detail: expect.stringContaining('307200 bytes'), errors: [] };
    expect(lines).toEqual([
      { index: 1, status: 413, error },
      { index: 2, status: 413, error },
      { accepted: 2, rejected: 2 },
    ]);
  });

  it('takes nothing at all', async () => {
    const nothing = { accepted: 0, rejected: 0 };
    expect((await sendBatch(service, path, ['[]'], JSON_TYPE)).body).toEqual({ ...nothing, results: [] });
    for (const chunks of [[], ['\n'], [' \r\n\r\n']])
      expect((await sendBatch(service, path, chunks)).lines).toEqual([nothing]);
  });

  it('takes 10,000 items in an array far beyond BODY_LIMIT, and not one more', async () => {
    const before = await logSize(service);
    const items = Array.from({ length: 10_000 }, (_, index) => good(`${index} ${'x'.repeat(700)}`));
    const tooMany = await sendBatch(service, path, [`[${items.join(',')},{}]`], JSON_TYPE);
    expectRefusal(tooMany, 413, 'PAYLOAD_TOO_LARGE');
    expect(await logSize(service)).toBe(before);
    const { status, body } = await sendBatch(service, path, [`[${items.join(',')}]`], JSON_TYPE);
    expect([status, body.accepted, body.rejected, body.results.length]).toEqual([207, 10_000, 0, 10_000]);
    expect(new Set(body.results.map((result: { id: string }) => result.id)).size).toBe(10_000);
    expect(await logSize(service)).toBe(before + 10_000);
  }, 120_000);

  it('refuses as a whole what is no batch', async () => {
    const before = await visibleState(service);
    for (const text of ['{}', 'null', '1', good('a')])
      expectRefusal(await sendBatch(service, path, [text], JSON_TYPE), 422, 'VALIDATION_FAILED', 'body');
    expectRefusal(await sendBatch(service, path, [], {}), 422, 'VALIDATION_FAILED', 'body');
    for (const text of ['[', `[${good('a')},]`, `${good('a')}\n${good('b')}`])
      expectRefusal(await sendBatch(service, path, [text], JSON_TYPE), 400, 'INVALID_JSON');
    const large = ['[', `${good('x'.repeat(1000))},`.repeat(20_000), '{}]'];
    expectRefusal(await sendBatch(service, path, large, JSON_TYPE), 413, 'PAYLOAD_TOO_LARGE');
    for (const type of ['text/plain', 'application/ndjson', 'application/x-ndjsonx', 'application/jsonl'])
      expectRefusal(
        await sendBatch(service, path, [good('a')], { 'content-type': type }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      );
    for (const headers of [NDJSON, JSON_TYPE]) {
      const type = headers['content-type'];
      const packed = { ...headers, 'content-encoding': 'gzip' };
      const gzip = await sendBatch(service, path, [gzipSync(good('a'))], packed);
      expectRefusal(gzip, 415, 'UNSUPPORTED_MEDIA_TYPE');
      const latin = { 'content-type': `${type}; charset=latin1` };
      expectRefusal(await sendBatch(service, path, [good('a')], latin), 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
    expect(await visibleState(service)).toEqual(before);
    const utf8 = { 'content-type': 'application/X-NDJSON; charset="UTF-8"' };
    expect((await sendBatch(service, path, [good('a')], utf8)).lines).toEqual([{ accepted: 1, rejected: 0 }]);
  });

  it('leaves the single call as it is', async () => {
    const answer = await service.request('POST', single, good('a'), { headers: NDJSON });
    expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });
});

/** Within one commit the entries of charges come after those of metrics. */
function sorted(entries: unknown): unknown[] {
  return (entries as unknown[]).map((entry) => JSON.stringify(entry)).sort();
}
