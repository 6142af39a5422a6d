import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newestEntries } from '../support/answers.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const KIB = 1024;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const truncated = (text: string) => ({ bytes: Buffer.byteLength(text), sha256: sha256(text) });

describe('ingesting events with text', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
  });
  afterAll(() => service.remove());

  /** Ingests, and makes sure that the log shows what was answered. */
  const ingest = async (event: unknown): Promise<Answer['body']> => {
    const answer = await service.request('POST', '/events/ingest', event);
    expect(answer.status).toBe(201);
    expect(await newestEntries(service)).toEqual([answer.body]);
    return answer.body;
  };

  describe('of any length', () => {
    const LIMITS = [
      ['operation_detail', 64 * KIB, (entry: Answer['body']) => entry.operation.detail],
      ['target_resource', 4 * KIB, (entry: Answer['body']) => entry.target.resource],
      ['rbac_reason', 4 * KIB, (entry: Answer['body']) => entry.rbac.reason],
      ['agent_name', 4 * KIB, (entry: Answer['body']) => entry.agent.name],
    ] as const;

    it.each(LIMITS)(
      'keeps the head of %s beyond %d bytes, with length and SHA-256',
      async (field, limit, read) => {
        const fits = 'x'.repeat(limit);
        const whole = await ingest({ [field]: fits });
        expect(read(whole)).toBe(fits);
        expect(whole.context).toBeNull();
        const long = `${'y'.repeat(limit)}z`;
        const cut = await ingest({ [field]: long, context: { kept: true } });
        expect(read(cut)).toBe('y'.repeat(limit));
        expect(cut.context).toEqual({ kept: true, truncated: { [field]: truncated(long) } });
      },
    );

    it.each(['agent_id', 'operation_type', 'agent_role', 'target_type'])(
      'keeps the head of a long %s',
      async (field) => {
        const long = 'y'.repeat(300_000);
        const entry = await ingest({ [field]: long });
        expect(entry.context.truncated[field]).toEqual(truncated(long));
        const texts = [entry.agent.agent_id, entry.operation.type, entry.agent.role, entry.target.type];
        expect(texts.filter((text) => /^y{1000,4096}$/.test(text))).toHaveLength(1);
      },
    );

    it('never splits a character', async () => {
      const long = `x${'€'.repeat(22_000)}`;
      const { operation, context } = await ingest({ operation_detail: long });
      expect(long.startsWith(operation.detail)).toBe(true);
      expect(64 * KIB - Buffer.byteLength(operation.detail)).toBeLessThan(3);
      expect(context.truncated.operation_detail).toEqual(truncated(long));
    });

    it('flags every text that was cut', async () => {
      const [detail, reason] = ['d'.repeat(70_000), 'r'.repeat(5_000)];
      const { context } = await ingest({ operation_detail: detail, rbac_reason: reason });
      expect(context.truncated).toEqual({
        operation_detail: truncated(detail),
        rbac_reason: truncated(reason),
      });
    });

    it('keeps a context of 64 KiB, and the head of a larger one', async () => {
      const context = { a: 'x'.repeat(64 * KIB - Buffer.byteLength('{"a":""}')) };
      expect((await ingest({ context })).context).toEqual(context);
      const larger = { session_id: 's-1', a: 'ü"\n'.repeat(40_000) };
      const text = JSON.stringify(larger);
      const kept = (await ingest({ context: larger })).context;
      expect(kept.truncated).toEqual({ context: truncated(text) });
      expect(kept.head.length).toBeGreaterThan(4 * KIB);
      expect(text.startsWith(kept.head)).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(64 * KIB);
    });

    it('counts unknown fields towards the context', async () => {
      const { context } = await ingest({ context: { a: 1 }, output: 'x'.repeat(100_000) });
      expect(context.truncated.context.bytes).toBeGreaterThan(100_000);
      expect(Buffer.byteLength(JSON.stringify(context))).toBeLessThanOrEqual(64 * KIB);
    });

    it('says itself what it did, whatever members of these names the context brought along', async () => {
      const forged = {
        truncated: { rbac_reason: 1 },
        replaced: 'nothing',
        extra: 'forged',
        claimed_role: 'x',
      };
      const detail = 'd\0'.repeat(40_000);
      const { context } = await ingest({
        ...{ agent_id: 'coder', agent_role: 'admin', context: forged, operation_detail: detail, more: 1 },
      });
      expect(context).toEqual({
        truncated: { operation_detail: truncated(detail.replaceAll('\0', '\uFFFD')) },
        replaced: ['operation_detail'],
        extra: { more: 1 },
        claimed_role: 'admin',
      });
    });
  });

  describe('that cannot be stored', () => {
    const TEXTS = [
      'agent_id',
      'agent_name',
      'agent_role',
      'operation_type',
      'operation_detail',
      'target_resource',
    ];

    it.each([...TEXTS, 'target_type', 'rbac_reason'])('replaces it in %s and says so', async (field) => {
      const entry = await ingest(`{"${field}":"a\\u0000b\\ud800c\\udfffd🤖"}`);
      expect(entry.context).toEqual({ replaced: [field] });
      expect(JSON.stringify(entry)).toContain('a\uFFFDb\uFFFDc\uFFFDd🤖');
    });

    it('replaces it in context and extra, keys included, and says so once', async () => {
      const hostile = '{"k\\u0000":["\\ud800","\\u0000"],"fine":"🤖"}';
      const { context } = await ingest(`{"context":${hostile},"unheard\\u0000of":${hostile}}`);
      const mended = { 'k\uFFFD': ['\uFFFD', '\uFFFD'], fine: '🤖' };
      expect(context).toEqual({
        ...mended,
        extra: { 'unheard\uFFFDof': mended },
        replaced: expect.arrayContaining(['context', 'extra']),
      });
      expect(context.replaced).toHaveLength(2);
    });

    it('stays within the limit however much there is to replace', async () => {
      const { context } = await ingest(
        `{"context":{"a":[${new Array(15_000).fill('"\\u0000"').join(',')}]}}`,
      );
      expect(context.replaced).toEqual(['context']);
      expect(Buffer.byteLength(JSON.stringify(context))).toBeLessThanOrEqual(64 * KIB);
    });
  });
});
