import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anAgent, TestService } from '../support/service.js';

describe('one event, end to end', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  it('is answered with its place in the log and stands in the audit list', async () => {
    await service.request('POST', '/agents', anAgent());
    const { status, body } = await service.request('POST', '/events/ingest', {
      agent_id: 'coder',
      operation_type: 'tool_use',
    });
    expect(status).toBe(201);
    const list = await service.request('GET', '/events/audit?limit=1');
    expect(list.body).toEqual([body]);
  });
});
