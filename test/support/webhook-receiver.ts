import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What was posted, and how it was answered. */
export interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly id: string;
  readonly raw: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read bodies as receivers do, without types
  readonly body: any;
  /** Null where it was not answered. */
  status: number | null;
}

/** What a receiver does with a post: a status, or something of its own. */
export type Behaviour = (posted: Posted, response: ServerResponse) => number | null;

/** A receiver of webhooks, on a real socket. */
export class WebhookReceiver {
  readonly posts: Posted[] = [];
  behave: Behaviour = () => 204;
  /** How many posts were in its hands at once, at the most. */
  mostAtOnce = 0;
  private atOnce = 0;

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
  ) {}

  static async start(tls?: ServerOptions): Promise<WebhookReceiver> {
    const server = tls ? createHttpsServer(tls) : createServer();
    const receiver = new WebhookReceiver(server, tls ? 'https' : 'http');
    server.on('request', (request, response) => {
      receiver.mostAtOnce = Math.max(receiver.mostAtOnce, (receiver.atOnce += 1));
      response.once('close', () => (receiver.atOnce -= 1));
      let raw = '';
      request.setEncoding('utf8').on('data', (text: string) => (raw += text));
      request.on('end', () => {
        const id = String(request.headers['webhook-id']);
        const posted: Posted = { headers: request.headers, id, raw, body: JSON.parse(raw), status: null };
        receiver.posts.push(posted);
        const status = receiver.behave(posted, response);
        if (status === null) return;
        posted.status = status;
        response.writeHead(status).end();
      });
      request.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  /** The numbers of the entries that it took, in the order it took them, repeats left out by the id of the webhook. */
  taken(): number[] {
    const ids = new Set<string>();
    const kept = this.posts.filter(({ id, status }) => {
      if (status === null || status >= 300 || ids.has(id)) return false;
      ids.add(id);
      return true;
    });
    return kept.flatMap(({ body }) => (body.entries as { seq: number }[]).map(({ seq }) => seq));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Whether a post is signed with `secret`, from the text of Standard Webhooks 1.0 alone. */
export function isSignedWith(secret: string, { headers, raw }: Pick<Posted, 'headers' | 'raw'>): boolean {
  if (!secret.startsWith('whsec_')) throw new Error('not a secret of webhooks');
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const content = [headers['webhook-id'], headers['webhook-timestamp'], raw].join('.');
  const expected = createHmac('sha256', key).update(content, 'utf8').digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .some((signature) => {
      const [version, text = ''] = signature.split(',');
      const given = Buffer.from(text, 'base64');
      return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
    });
}
