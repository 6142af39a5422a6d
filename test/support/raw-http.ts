import { connect } from 'node:net';

/** Header lines as they are sent: in this order, any name as often as given. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** One answer, read from the wire. Header names are lower case; repeated ones are joined by commas. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  /** The request target as it stands. */
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  readonly headers?: HeaderLines;
  /** One character a byte. */
  readonly body?: string;
}

/** What a WebSocket client sends (RFC 6455, section 1.3). */
export const UPGRADE_HEADERS: HeaderLines = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
];

/** Sends exactly these bytes, and resolves with the answer's: all of them, or the head of a switch of protocols. */
export function exchange(port: number, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      if (/^HTTP\/1\.1 101 [^]*\r\n\r\n/.test(received)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(parse(received)));
  });
}

/** Sends a request that is written out, with nothing added but the length of a body and the wish to close. */
export function send(port: number, request: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', target = '/', version = '1.1', headers = [], body } = request;
  const own: HeaderLines = [
    ...(headers.some(([name]) => name === 'Connection') ? [] : [['Connection', 'close'] as const]),
    ...(body === undefined ? [] : [['Content-Length', String(body.length)] as const]),
  ];
  const lines = [...headers, ...own].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return exchange(port, `${method} ${target} HTTP/${version}\r\n${lines}\r\n${body ?? ''}`);
}

/** The same as a request to upgrade to a WebSocket. */
export function sendUpgrade(port: number, { headers = [], ...request }: RawRequest): Promise<RawAnswer> {
  return send(port, { ...request, headers: [...headers, ...UPGRADE_HEADERS] });
}

function parse(received: string): RawAnswer {
  const [head = '', ...rest] = received.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '').split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const value = line.slice(line.indexOf(':') + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  const status = Number(statusLine.split(' ')[1]);
  // What follows a switch of protocols is not HTTP.
  return { status, headers, text: status === 101 ? '' : rest.join('\r\n\r\n') };
}
