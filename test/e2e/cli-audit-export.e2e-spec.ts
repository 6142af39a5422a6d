import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../support/build.js';
import { exportText, publicKeyOf } from '../support/exports.js';
import { type Ended, killLeftovers, runCli } from '../support/process.js';
import { TestService } from '../support/service.js';

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

describe('audit verify-export', () => {
  let service: TestService;
  let publicKey: string;
  let text: string;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    const event = { agent_id: 'a', operation_type: 'task', operation_detail: 'grüße' };
    expect((await service.request('POST', '/events/ingest', event)).status).toBe(201);
    text = await exportText(service);
    publicKey = (await publicKeyOf(service)).toString('base64');
  });
  afterAll(() => service.remove());

  const verify = (content: string | null, ...args: string[]): Promise<Ended> => {
    const file = join(service.store.folder, 'export.ndjson');
    if (content !== null) writeFileSync(file, content);
    // Offline: there is no such store.
    const nowhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    return runCli(service.store, ['audit', 'verify-export', file, ...args], nowhere);
  };

  it('ends with 0 where the export is what was signed, without a store', async () => {
    const { code, stdout, stderr } = await verify(text, '--public-key', publicKey);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^The export is what was signed: 2 of 2 entries, 0 of them without texts; 0 left out; log /,
    );
  });

  it('ends with 3 where it is not, and names what is wrong as JSON too', async () => {
    const { code, stdout } = await verify(
      text.replace('grüße', 'gruße'),
      '--public-key',
      publicKey,
      '--json',
    );
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      entries: 2,
      tree_size: 2,
      left_out: 0,
      findings: [{ kind: 'changed', line: 2, seq: 1 }],
    });
  });

  it.each([
    ['a key that is none', ['--public-key', 'AAAA']],
    ['no key', []],
    ['an unknown option', ['--public-key', 'x', '--what']],
  ])('ends with 2 for %s', async (_what, args) => {
    expect(await verify(text, ...args)).toMatchObject({ code: 2, stdout: '' });
  });

  it('ends with 2 for a file that is not there', async () => {
    const args = ['audit', 'verify-export', join(service.store.folder, 'none'), '--public-key', publicKey];
    expect(await runCli(service.store, args)).toMatchObject({ code: 2, stdout: '' });
  });
});
