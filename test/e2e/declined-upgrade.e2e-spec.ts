import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/service.js';

const OFFER =
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n';

describe('a client that offers HTTP/2 in the clear, as some do on their first request', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  /** Sends one request after another, each in parts, and gives the status lines of the answers. */
  async function talk(requests: readonly (readonly string[])[]): Promise<string[]> {
    const socket = connect(service.service.port, '127.0.0.1');
    let received = '';
    const statuses = (): string[] => received.match(/HTTP\/1\.1 \d+/g) ?? [];
    socket.setEncoding('latin1').on('data', (text: string) => (received += text));
    await once(socket, 'connect');
    for (const [index, parts] of requests.entries()) {
      for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
      while (statuses().length <= index) await once(socket, 'data');
    }
    socket.destroy();
    return statuses();
  }

  const post = (body: string, length = body.length) =>
    `POST /api/v1/events/ingest HTTP/1.1\r\nHost: localhost\r\n${OFFER}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
  const plain = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';

  it('is served in HTTP/1.1, with its body in one piece or in many', async () => {
    const small = '{"operation_type":"tool_use"}';
    const large = `{"operation_detail":"${'x'.repeat(300_000)}"}`;
    const pieces = large.match(/.{1,9999}/g)!;
    const answers = await talk([[post(small) + small], [post(large), ...pieces], [plain]]);
    expect(answers).toEqual(['HTTP/1.1 201', 'HTTP/1.1 201', 'HTTP/1.1 200']);
  });

  it('passes the same door as anyone', async () => {
    const foreign = `GET /health HTTP/1.1\r\nHost: evil.example\r\n${OFFER}\r\n`;
    const twice = `GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n${OFFER}\r\n`;
    const answers = await talk([[foreign], [twice], [plain]]);
    expect(answers).toEqual(['HTTP/1.1 403', 'HTTP/1.1 403', 'HTTP/1.1 200']);
  });

  it('may offer again and again on one connection', async () => {
    const offer = `GET /health HTTP/1.1\r\nHost: localhost\r\n${OFFER}\r\n`;
    const answers = await talk([...Array.from({ length: 50 }, () => [offer]), [plain]]);
    expect(answers).toEqual(new Array(51).fill('HTTP/1.1 200'));
  });
});
