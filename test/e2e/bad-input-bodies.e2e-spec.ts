import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { expectProblem, visibleState } from '../support/answers.js';
import { nested } from '../support/bad-values.js';
import { callAsHook, type HookAnswer } from '../support/hook-client.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const MIB = 1024 * 1024;
const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Every call that takes a body, with a body that it accepts, and what an unknown field does. */
const CALLS = [
  ['POST', '/agents', JSON.stringify(anAgent({ name: 'newcomer' })), 'refused'],
  ['PUT', '/agents/coder', '{"role_confidence":0.5}', 'refused'],
  ['POST', '/agents/coder/activate', '{"task":"x"}', 'ignored'],
  ['POST', '/agents/coder/complete', '{"success":true}', 'ignored'],
  ['POST', '/metrics', '{"agent_id":"coder","metric_type":"cost","cost_usd":1}', 'kept'],
  ['POST', '/events/ingest', '{"operation_type":"tool_use"}', 'kept'],
  ['POST', '/budget/deduct', '{"tokens_used":1,"cost_usd":1}', 'ignored'],
] as const;

describe.each(CALLS)('bad bodies for %s %s', (method, path, good, unknown) => {
  let service: TestService;
  let before: unknown;
  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
  });
  beforeEach(async () => {
    before = await visibleState(service);
  });
  afterAll(() => service.remove());

  const send = (
    chunks: readonly (string | Buffer)[],
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<HookAnswer> =>
    callAsHook({ port: service.service.port, path: `/api/v1${path}`, method, headers, chunks });
  const expectRefusal = (answer: HookAnswer, status: number, code: string, ...paths: string[]): void =>
    expectProblem(
      { ...answer, headers: new Headers(answer.headers as Record<string, string>) },
      status,
      code,
      ...paths,
    );
  const padded = (bytes: number): string => {
    const open = `${good.slice(0, -1)},"padding":"`;
    return `${open}${'x'.repeat(bytes - open.length - 2)}"}`;
  };
  const withMember = (member: string): string => `${good.slice(0, -1)},${member}}`;
  const expectNothingWritten = async (): Promise<void> => expect(await visibleState(service)).toEqual(before);

  it('are 400 where they are not JSON', async () => {
    const texts = [
      '{',
      '}',
      '{"a":1,}',
      `${good}${good}`,
      'nope',
      "{'a':1}",
      '"',
      '\u0000',
      'NaN',
      '[1',
      '{"a":01}',
      '{"a":.5}',
    ];
    for (const text of [...texts, '\u00ff\u00fe', good.slice(0, -1)])
      expectRefusal(await send([text]), 400, 'INVALID_JSON');
    await expectNothingWritten();
  });

  it('are 422 where they are JSON but no object', async () => {
    for (const text of ['null', '[]', `[${good}]`, '"x"', '""', '1', '0', 'true', 'false', nested(100_000)])
      expectRefusal(await send([text]), 422, 'VALIDATION_FAILED', 'body');
    await expectNothingWritten();
  });

  it('are 415 where they are not application/json, or compressed, or not UTF-8', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/json',
    ];
    types.push(
      'application/jsonp',
      'application/problem+json',
      'application/merge-patch+json',
      '*/*',
      'json',
      '',
    );
    for (const type of types)
      expectRefusal(await send([good], { 'Content-Type': type }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    expectRefusal(await send([good], {}), 415, 'UNSUPPORTED_MEDIA_TYPE');
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'x-nonsense']) {
      const answer = await send([gzipSync(good)], { ...JSON_TYPE, 'Content-Encoding': encoding });
      expectRefusal(answer, 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
    for (const charset of ['iso-8859-1', 'utf-9', 'x-nonsense'])
      expectRefusal(
        await send([good], { 'Content-Type': `application/json; charset=${charset}` }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      );
    await expectNothingWritten();
  });

  it('are 413 beyond a mebibyte, announced or in chunks', async () => {
    const body = padded(MIB + 1);
    expectRefusal(
      await send([body], { ...JSON_TYPE, 'Content-Length': String(MIB + 1) }),
      413,
      'PAYLOAD_TOO_LARGE',
    );
    expectRefusal(await send([body.slice(0, 1000), body.slice(1000)]), 413, 'PAYLOAD_TOO_LARGE');
    await expectNothingWritten();
  });

  it('are not too large at a mebibyte', async () => {
    const { status } = await send([padded(MIB)]);
    expect(status === 413 || status >= 500).toBe(false);
  });

  it.each([33, 1_000, 100_000])('nest no deeper than %d levels', async (levels) => {
    const answer = await send([withMember(`"a":${nested(levels)}`)]);
    if (path === '/events/ingest') {
      expect(answer.status).toBe(201);
    } else {
      expectRefusal(answer, 422, 'VALIDATION_FAILED');
      await expectNothingWritten();
    }
  });

  it('hold no NUL and no lone surrogate, not even where they are ignored', async () => {
    for (const member of ['"x":"\\u0000"', '"x":["\\ud800"]', '"x\\u0000":1', '"x":{"\\udfff":1}']) {
      const answer = await send([withMember(member)]);
      if (path === '/events/ingest') expect(answer.body.context.replaced).toEqual(['extra']);
      else expectRefusal(answer, 422, 'VALIDATION_FAILED');
    }
    if (path !== '/events/ingest') await expectNothingWritten();
  });

  it(`that have unknown fields: they are ${unknown}`, async () => {
    for (const name of ['unheard_of', '__proto__', 'constructor', 'toString', '', 'extra']) {
      const answer = await send([withMember(`${JSON.stringify(name)}:{"admin":true}`)]);
      if (unknown === 'refused') expectRefusal(answer, 422, 'VALIDATION_FAILED');
      else expect({ name, ok: answer.status === 200 || answer.status === 201 }).toEqual({ name, ok: true });
      if (unknown === 'kept')
        expect(Object.entries(answer.body.context.extra)).toEqual([[name, { admin: true }]]);
    }
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    if (unknown === 'refused') await expectNothingWritten();
  });

  it('that are empty count as {}: without a length, with length 0, as chunks without a byte', async () => {
    const empty: Answer = await service.request(method, path, {});
    const answers = await Promise.all([
      send([], {}),
      send([], { 'Content-Length': '0' }),
      send([]),
      send([], { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(new Array(4).fill(empty.status));
  });

  it('that are good are taken with any spelling of the type', async () => {
    const types = ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON;CHARSET="UTF-8"'];
    for (const [index, type] of types.entries()) {
      const { status } = await send([good.replace('newcomer', `newcomer-${index}`)], {
        'Content-Type': type,
      });
      expect({ type, ok: status === 200 || status === 201 }).toEqual({ type, ok: true });
    }
  });
});
