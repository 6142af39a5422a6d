import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContextRequest } from '#contract';
import { DomainError } from '#kernel';
import { FastPath } from './fast-path.js';
import type { HotCall } from './hot-call.js';

const CALLER = { id: 'k', kind: 'service', role: 'developer', agentId: null } as const;

describe('FastPath', () => {
  const routed: { url: string | undefined; bytes: string | undefined }[] = [];
  const listener: RequestListener = (request, response) => {
    routed.push({ url: request.url, bytes: (request as ContextRequest).bytes?.toString() });
    response.end('routed');
  };
  const call: HotCall = {
    path: '/hot',
    route: 'POST /hot',
    permission: 'events:write',
    status: 202,
    toInput: (body) => {
      if (body === 7) throw new DomainError('VALIDATION_FAILED', 'seven');
      return body;
    },
    handle: (ctx, request) => Promise.resolve({ request, route: ctx.route, principal: ctx.principal.id }),
  };
  let admitted = true;
  let caller: typeof CALLER | null = CALLER;
  let server: Server;
  beforeAll(async () => {
    const entrance = {
      door: { admit: () => undefined },
      authenticator: { recognize: () => caller, may: () => admitted },
      errors: { answer: () => Promise.resolve() },
      bodyLimit: 20,
      headers: { 'X-Plain': 'yes' },
    };
    server = createServer(new FastPath([call], [], entrance as never, listener).listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    routed.length = 0;
    admitted = true;
    caller = CALLER;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const post = async (body: string, headers: Record<string, string> = {}, path = '/hot') => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('answers a plain request itself', async () => {
    const { status, headers, text } = await post('{"a":"ä"}');
    expect(routed).toEqual([]);
    expect({ status, body: JSON.parse(text) }).toEqual({
      status: 202,
      body: { request: { a: 'ä' }, route: 'POST /hot', principal: 'k' },
    });
    expect(headers.get('x-plain')).toBe('yes');
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['an unknown path', '1', {}, '/other'],
    ['a query', '1', {}, '/hot?x=1'],
    ['another type', '1', { 'content-type': 'text/plain' }, '/hot'],
    ['an encoding', '1', { 'content-encoding': 'gzip' }, '/hot'],
    ['an origin', '1', { origin: 'http://localhost:3000' }, '/hot'],
    ['a body over the limit', JSON.stringify('x'.repeat(19)), {}, '/hot'],
    ['no body', '', {}, '/hot'],
  ])('leaves %s to the router, unread', async (_what, body, headers, path) => {
    expect((await post(body, headers as Record<string, string>, path)).text).toBe('routed');
    expect(routed).toEqual([{ url: path, bytes: undefined }]);
  });

  it('leaves whom it may not admit to the router, unread', async () => {
    admitted = false;
    await post('1');
    expect(routed).toEqual([{ url: '/hot', bytes: undefined }]);
  });

  it('leaves whoever is yet to be verified to the router, unread', async () => {
    caller = null;
    await post('1');
    expect(routed).toEqual([{ url: '/hot', bytes: undefined }]);
  });

  it.each([['{'], ['7']])(
    'leaves a body that is to be refused to the router, with its bytes: %s',
    async (body) => {
      await post(body);
      expect(routed).toEqual([{ url: '/hot', bytes: body }]);
    },
  );
});
