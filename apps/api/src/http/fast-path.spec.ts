import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContextRequest } from '#contract';
import { DomainError } from '#kernel';
import { FastPath } from './fast-path.js';
import type { HotCall, HotRead } from './hot-call.js';

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
  let caller: { readonly id: string } | null = CALLER;
  let reading = 0;
  const read: HotRead = {
    path: '/list',
    conditional: true,
    route: 'GET /list',
    permission: 'audit:read',
    status: 200,
    toInput: (rest) => {
      if (rest === '?bad') throw new DomainError('VALIDATION_FAILED', 'bad');
      return rest === '?odd' ? null : rest;
    },
    handle: async (ctx, input, head) => {
      reading += 1;
      const number = reading;
      await wait(50);
      head?.setHeader('X-Number', number);
      return [{ number, input, by: ctx.principal.id, if: head?.req.headers['if-none-match'] ?? null }];
    },
  };
  const lookup: HotRead = {
    ...read,
    path: '/list/',
    handle: (_ctx, _input, head) => {
      if (head) head.statusCode = 304;
      return Promise.resolve(undefined);
    },
  };
  const behind: HotRead = {
    ...read,
    path: '/list/',
    behind: '/sum',
    conditional: false,
    handle: (_ctx, input) => Promise.resolve({ of: input }),
  };
  let server: Server;
  beforeAll(async () => {
    const entrance = {
      door: { admit: () => undefined },
      authenticator: { recognize: () => caller, may: () => admitted },
      errors: { answer: () => Promise.resolve() },
      bodyLimit: 20,
      headers: { 'X-Plain': 'yes' },
    };
    server = createServer(new FastPath([call], [read, lookup, behind], entrance as never, listener).listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  beforeEach(() => {
    routed.length = 0;
    admitted = true;
    caller = CALLER;
    reading = 0;
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

  const get = async (target: string, headers: Record<string, string> = {}) => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${target}`, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('lets those who ask for the same at once share one read, each with its own id', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => get('/list?a=1')));
    expect(reading).toBe(2);
    for (const { headers, text } of answers) {
      const [{ number }] = JSON.parse(text) as [{ number: number }];
      expect(text).toBe(JSON.stringify([{ number, input: '?a=1', by: 'k', if: null }]));
      expect(headers.get('x-number')).toBe(String(number));
      expect(headers.get('content-length')).toBe(String(text.length));
    }
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(10);
  });

  it('shares no read with another principal, target or condition', async () => {
    const first = get('/list?a=1');
    await wait(10);
    caller = { ...CALLER, id: 'another' };
    const others = [get('/list?a=1'), get('/list?a=2'), get('/list?a=1', { 'if-none-match': '"x"' })];
    const texts = (await Promise.all([first, ...others])).map(({ text }) => text);
    expect(texts.map((text) => (JSON.parse(text) as object[])[0])).toMatchObject([
      { input: '?a=1', by: 'k', if: null },
      { input: '?a=1', by: 'another', if: null },
      { input: '?a=2', by: 'another', if: null },
      { input: '?a=1', by: 'another', if: '"x"' },
    ]);
  });

  it('answers a read of one thing by what stands before it, with the status and no body of its own', async () => {
    expect(await get('/list/x')).toMatchObject({ status: 304, text: '' });
    expect(routed).toEqual([]);
  });

  it('answers a read of what stands behind one thing', async () => {
    expect((await get('/list/x/sum')).text).toBe('{"of":"x"}');
    expect(routed).toEqual([]);
  });

  it.each([
    ['a condition that its handler does not look at', '/list/x/sum', { 'if-none-match': '*' }],
    ['a query behind it', '/list/x/sum?a=1', {}],
    ['another word behind it', '/list/x/sums', {}],
  ])('leaves %s to the router', async (_what, target, headers) => {
    expect((await get(target, headers as Record<string, string>)).text).toBe('routed');
  });

  it.each(['/list?odd', '/list?bad', '/lists', '/'])('leaves %s to the router', async (target) => {
    expect((await get(target)).text).toBe('routed');
    expect(reading).toBe(0);
  });

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
