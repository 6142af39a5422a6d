import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** A message of RFC 5424, taken apart. */
export interface SyslogMessage {
  readonly facility: number;
  readonly severity: number;
  readonly timestamp: string;
  readonly hostname: string;
  readonly appName: string;
  readonly procId: string;
  readonly msgId: string;
  readonly data: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly text: string;
}

const FIELD = '[\\x21-\\x7e]';
const HEADER = new RegExp(
  `^<(\\d{1,3})>1 (\\S{1,64}) (${FIELD}{1,255}) (${FIELD}{1,48}) (${FIELD}{1,128}) (${FIELD}{1,32}) `,
);
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;

/** From the grammar of RFC 5424, section 6, alone. @throws Error for what breaks it. */
export function parseSyslog(message: string): SyslogMessage {
  const header = HEADER.exec(message);
  if (!header) throw new Error(`no header: ${message.slice(0, 200)}`);
  const [whole, pri, timestamp = '', hostname = '', appName = '', procId = '', msgId = ''] = header;
  const priority = Number(pri);
  if (priority > 191 || !TIMESTAMP.test(timestamp)) throw new Error(`a bad header: ${whole}`);
  let at = whole.length;
  const data: Record<string, Record<string, string>> = {};
  if (message[at] === '-') at += 1;
  else {
    while (message[at] === '[') {
      const id = /^\[([\x21-\x7e]{1,32}?)(?=[ \]])/.exec(message.slice(at, at + 40))?.[1];
      if (id === undefined || /[="]/.test(id)) throw new Error('a bad SD-ID');
      at += id.length + 1;
      const parameters = (data[id] = {} as Record<string, string>);
      while (message[at] === ' ') {
        const name = /^ ([\x21-\x7e]{1,32}?)="/.exec(message.slice(at, at + 40))?.[1];
        if (name === undefined) throw new Error('a bad PARAM-NAME');
        at += name.length + 3;
        let value = '';
        for (; message[at] !== '"'; at += 1) {
          if (at >= message.length || message[at] === ']') throw new Error('a bad PARAM-VALUE');
          if (message[at] === '\\' && /["\\\]]/.test(message[at + 1] ?? '')) at += 1;
          value += message[at] ?? '';
        }
        at += 1;
        parameters[name] = value;
      }
      if (message[at] !== ']') throw new Error('an SD-ELEMENT without an end');
      at += 1;
    }
  }
  if (at < message.length && message[at] !== ' ') throw new Error('no blank before MSG');
  return {
    ...{ facility: priority >> 3, severity: priority & 7, timestamp, hostname, appName, procId, msgId, data },
    text: message.slice(at + 1),
  };
}

/** Takes frames with octet counts (RFC 6587, section 3.4.1) off the front of `bytes`. @returns them, and what is left. */
export function takeFrames(bytes: Buffer): { frames: string[]; rest: Buffer } {
  const frames: string[] = [];
  let rest = bytes;
  for (;;) {
    const blank = rest.indexOf(0x20);
    if (blank === -1) return { frames, rest };
    const count = rest.subarray(0, blank).toString('latin1');
    if (!/^[1-9]\d*$/.test(count)) throw new Error(`no octet count: ${count.slice(0, 50)}`);
    const end = blank + 1 + Number(count);
    if (rest.length < end) return { frames, rest };
    frames.push(rest.subarray(blank + 1, end).toString('utf8'));
    rest = rest.subarray(end);
  }
}

/** A receiver of syslog over TCP or TLS, on a real socket. */
export class SyslogReceiver {
  readonly messages: SyslogMessage[] = [];
  readonly faults: unknown[] = [];
  connections = 0;
  /** What is done with a new connection before anything is read; true: nothing more. */
  onConnection: (socket: Socket) => boolean = () => false;
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
  ) {}

  static async start(tls?: TlsOptions): Promise<SyslogReceiver> {
    const server = tls ? createTlsServer(tls) : createServer();
    const receiver = new SyslogReceiver(server, tls ? 'syslog+tls' : 'syslog+tcp');
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => receiver.take(socket));
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The numbers of the entries in the order they came. */
  get numbers(): number[] {
    return this.messages.map(({ data }) => Number(data['audit@32473']?.['seq']));
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(socket: Socket): void {
    this.connections += 1;
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    socket.on('error', () => undefined);
    if (this.onConnection(socket)) return;
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      try {
        const taken = takeFrames(Buffer.concat([rest, chunk]));
        rest = taken.rest;
        this.messages.push(...taken.frames.map(parseSyslog));
      } catch (error) {
        this.faults.push(error);
      }
    });
  }
}
