import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../support/build.js';
import { readCheckpoint } from '../support/notes.js';
import { killLeftovers, runCli } from '../support/process.js';
import { TestService } from '../support/service.js';

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

describe('audit rotate-key', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ CHECKPOINT_INTERVAL: '24h' });
    await service.request('POST', '/events/ingest', { agent_id: 'a', operation_type: 'tool_use' });
    await service.request('POST', '/audit/checkpoint');
  });
  afterAll(() => service.remove());

  it('changes the key beside a running service, and both keys sign that it did', async () => {
    const { folder } = service.store;
    const file = join(folder, 'audit-key.pem');
    const old = (await service.request('GET', '/audit/public-key')).body;
    const { code, stdout } = await runCli(service.store, ['audit', 'rotate-key'], { AUDIT_KEY_FILE: file });
    expect(code).toBe(0);
    const now = (await service.request('GET', '/audit/public-key')).body;
    expect(now.public_key).not.toBe(old.public_key);
    expect(now.used.map((key: { public_key: string }) => key.public_key)).toEqual(
      [old.public_key, now.public_key].sort((a, b) =>
        a === old.public_key ? -1 : b === old.public_key ? 1 : 0,
      ),
    );
    expect(readCheckpoint(stdout, old.public_key as string, now.public_key as string).signedBy).toEqual([
      true,
      true,
    ]);
    expect((await service.request('GET', '/audit/checkpoint')).body).toBe(stdout);
    const { body: entries } = await service.request('GET', '/events/audit?operation_type=audit.key_rotate');
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      seq: readCheckpoint(stdout).size,
      principal: { id: expect.stringMatching(/^cli:/) },
      context: { old_public_key: old.public_key, new_public_key: now.public_key },
    });
    const { body: next } = await service.request('POST', '/audit/checkpoint');
    expect(
      readCheckpoint(next as string, old.public_key as string, now.public_key as string).signedBy,
    ).toEqual([false, true]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.startsWith('audit-key.pem'))).toEqual(['audit-key.pem']);
  });
});
