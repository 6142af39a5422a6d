import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/service.js';

describe('the documents about the stream', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
  });
  afterAll(() => service.remove());

  const get = (path: string, key = '') => service.request('GET', path, undefined, { key });

  it('are served to everybody, as what they are', async () => {
    const { status, headers, body } = await get('//asyncapi.json');
    expect([status, headers.get('content-type'), body.asyncapi]).toEqual([
      ...[200, expect.stringMatching(/^application\/json/), '3.0.0'],
    ]);
    const page = await get('//docs/stream');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.body).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
    // What a browser lets the page load.
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'self'/);
  });

  it('have the version of the service', async () => {
    expect((await get('//asyncapi.json')).body.info.version).toBe((await get('//')).body.version);
  });

  it('are named where the API is described', async () => {
    const { body } = await get('//openapi.json');
    expect(body.info.description).toMatch(/\/docs\/stream.*\/asyncapi\.json/);
    expect(Object.keys(body.paths)).not.toContain('/docs/stream');
  });

  it.each(['POST', 'PUT', 'DELETE'])('take no %s', async (method) => {
    for (const path of ['//asyncapi.json', '//docs/stream'])
      expect([path, (await service.request(method, path)).status]).toEqual([path, 404]);
  });
});
