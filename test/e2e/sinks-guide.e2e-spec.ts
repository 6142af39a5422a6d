import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { TestService } from '../support/service.js';

const GUIDE = readFileSync(new URL('../../docs/sinks.md', import.meta.url), 'utf8');
const [, RECEIVER = ''] = /<!-- test: receiver\.mjs -->\n+```js\n([^]*?)```/.exec(GUIDE) ?? [];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the receiver in the guide', () => {
  let service: TestService;
  let receiver: ChildProcess;
  let port: number;
  let printed = '';
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    port = await freePort();
    const wanted = { name: 'guide', target: `http://127.0.0.1:${port}/`, operation_types: ['tool_use'] };
    const { body: sink } = await service.request('POST', '/audit/sinks', wanted);
    const file = join(service.store.folder, 'receiver.mjs');
    writeFileSync(file, RECEIVER);
    receiver = spawn(process.execPath, [file], {
      env: { PORT: String(port), WEBHOOK_SECRET: sink.secret as string },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    receiver.stdout!.setEncoding('utf8').on('data', (text: string) => (printed += text));
  });
  afterAll(async () => {
    receiver.kill();
    await once(receiver, 'close');
    await service.remove();
  });

  it('takes what the service sends', async () => {
    const { body } = await service.request('POST', '/events/ingest', {
      ...{ operation_type: 'tool_use', rbac_decision: 'denied', operation_detail: 'ü' },
    });
    await eventually('the entry', () => printed === `${body.seq} tool_use denied\n`);
  });

  it('takes nothing from others', async () => {
    const sent = { 'webhook-id': 'x', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)) };
    for (const signature of ['', 'v1,', 'v1,AAAA', `v1,${'A'.repeat(43)}=`]) {
      const headers = { ...sent, 'webhook-signature': signature };
      const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: '{}' });
      expect([signature, status]).toEqual([signature, 401]);
    }
    expect(printed.split('\n')).toHaveLength(2);
  });
});
