import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newestEntries } from '../support/answers.js';
import { DEFAULT_POLICY, EVERY, KEY, OWN_POLICY, shownIn, TICKET, WORD } from '../support/secrets.js';
import { TestService } from '../support/service.js';

describe('the rules of redaction', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redaction-'));
  const file = join(folder, 'policy.yaml');
  let service: TestService;

  beforeAll(async () => {
    writeFileSync(file, OWN_POLICY);
    service = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE: file });
  });
  afterAll(async () => {
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  it('says nothing of kinds where nothing was masked, whatever the client says', async () => {
    const clean = { sha: 'da39a3ee5e6b4b0d3255bfef95601890afd80709', tokens_used: 5 };
    const sent = { context: { ...clean, redacted: ['aws_access_key'] } };
    const { body } = await service.request('POST', '/events/ingest', sent);
    expect(body.context).toEqual({ ...clean, claimed_redacted: ['aws_access_key'] });
  });

  it('cuts after it masked: no half of a secret stays, and no length or hash is of a text with one', async () => {
    for (let offset = 0; offset <= KEY.length; offset += 4) {
      const head = 'x'.repeat(4_096 - offset - 1);
      const reason = `${head} ${KEY} ${'y'.repeat(3_000)}`;
      const { body } = await service.request('POST', '/events/ingest', { rbac_reason: reason });
      const left = `${head} [redacted] ${'y'.repeat(3_000)}`;
      expect(body.rbac.reason).toBe(left.slice(0, 4_096));
      expect(body.context).toEqual({
        redacted: ['aws_access_key'],
        truncated: {
          rbac_reason: { bytes: left.length, sha256: createHash('sha256').update(left).digest('hex') },
        },
      });
    }
    const big = { output: `${'z'.repeat(24_570)} ${KEY} ${'z'.repeat(70_000)}`, token: WORD, redacted: WORD };
    const { body } = await service.request('POST', '/events/ingest', { context: big });
    expect(body.context.redacted).toEqual(['aws_access_key', 'named_secret']);
    expect(body.context.head).not.toContain('AKIA');
  });

  it('follows the policy in force, and leaves all texts alone where it is off', async () => {
    const off = DEFAULT_POLICY.replace('redaction:\n  enabled: true', 'redaction:\n  enabled: false');
    writeFileSync(file, off);
    expect((await service.request('POST', '/policy/reload')).status).toBe(200);
    const context = { password: WORD, redacted: true };
    const sent = { operation_detail: EVERY, context };
    const { body } = await service.request('POST', '/events/ingest', sent);
    expect(body.operation.detail).toBe(EVERY);
    expect(body.context).toEqual({ password: WORD, claimed_redacted: true });
    expect((await newestEntries(service))[0]).toMatchObject({ operation: { detail: EVERY } });
    const answered = await service.request('GET', `/agents/${KEY}`);
    expect(shownIn(JSON.stringify(answered.body))).toEqual([]);
    writeFileSync(file, OWN_POLICY.replace("'TCK-[0-9]{4,8}'", "'(T+)+C'"));
    const refused = await service.request('POST', '/policy/reload');
    expect(refused.status).toBe(422);
    expect(refused.body.errors[0].message).toMatch(
      /^policy\.yaml:\d+:7: .*redaction\.patterns\[0\]\.pattern$/,
    );
    writeFileSync(file, OWN_POLICY);
    expect((await service.request('POST', '/policy/reload')).status).toBe(200);
    const masked = await service.request('POST', '/events/ingest', { operation_detail: TICKET });
    expect(masked.body).toMatchObject({
      operation: { detail: '[redacted]' },
      context: { redacted: ['ticket'] },
    });
  });
});
