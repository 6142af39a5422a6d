// @ts-check
/**
 * A WebSocket client (RFC 6455) that reads whole text frames into a buffer of its own and nothing more. A thousand subscribers share
 * two cores with the service that is measured: what they take of them would be measured, too.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const READ_BYTES = 16 * 1024;
const END_OF_HEAD = '\r\n\r\n';
const OPCODE = { text: 1, close: 8, ping: 9 };
const FIN = 0x80;
const PONG = 0x8a;
const MASKED = 0x80;

export class FrameSocket {
  #socket;
  #onText;
  #onError;
  #open = false;
  /** @type {Buffer | null} the begin of a frame whose rest has not arrived */
  #begun = null;

  /**
   * @param {URL} url http:
   * @param {Record<string, string>} headers
   * @param {(text: Buffer) => void} onText a message; its bytes are overwritten afterwards
   * @param {(error: Error) => void} onError once, at the end, unless it is ended here
   */
  constructor(url, headers, onText, onError) {
    this.#onText = onText;
    this.#onError = onError;
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (/** @type {number} */ bytes) => {
      this.#take(buffer.subarray(0, bytes));
      return true;
    };
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: { buffer, callback },
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the service closed the connection')));
    const lines = Object.entries({
      ...{ host: url.host, upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' },
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`);
    this.#socket.write(
      [`GET ${url.pathname}${url.search} HTTP/1.1`, ...lines].join('\r\n') + END_OF_HEAD,
      'latin1',
    );
  }

  terminate() {
    this.#onText = this.#onError = () => undefined;
    this.#socket.destroy();
  }

  /** @param {Buffer} bytes overwritten by what is read next */
  #take(bytes) {
    const all = this.#begun ? Buffer.concat([this.#begun, bytes]) : bytes;
    const rest = this.#open ? this.#readFrames(all, 0) : this.#readHead(all);
    this.#begun = rest < all.length ? Buffer.from(all.subarray(rest)) : null;
  }

  /**
   * @param {Buffer} bytes
   * @returns {number} how far they were read
   */
  #readHead(bytes) {
    const end = bytes.indexOf(END_OF_HEAD);
    if (end < 0) return 0;
    const status = bytes.toString('latin1', 0, bytes.indexOf('\r'));
    if (!status.startsWith('HTTP/1.1 101 ')) this.#fail(new Error(`the service answered ${status}`));
    this.#open = true;
    return this.#readFrames(bytes, end + END_OF_HEAD.length);
  }

  /**
   * @param {Buffer} bytes
   * @param {number} begin of the first frame
   * @returns {number} the begin of the first that is not whole
   */
  #readFrames(bytes, begin) {
    for (let at = begin; ;) {
      if (bytes.length < at + 2) return at;
      const short = /** @type {number} */ (bytes[at + 1]);
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < at + head) return at;
      const size =
        head === 2 ? short : head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      const end = at + head + size;
      if (bytes.length < end) return at;
      this.#takeFrame(/** @type {number} */ (bytes[at]), bytes.subarray(at + head, end));
      at = end;
    }
  }

  /**
   * @param {number} first the first byte of its head
   * @param {Buffer} payload
   */
  #takeFrame(first, payload) {
    if (first === (FIN | OPCODE.text)) this.#onText(payload);
    else if (first === (FIN | OPCODE.ping))
      // Masked by zeros, which leave it as it is.
      this.#socket.write(Buffer.concat([Buffer.from([PONG, MASKED | payload.length, 0, 0, 0, 0]), payload]));
    else if (first === (FIN | OPCODE.close))
      this.#fail(new Error(`the service closed: ${payload.subarray(2)}`));
    else this.#fail(new Error(`a frame of a kind that is not expected: ${first}`));
  }

  /** @param {Error} error */
  #fail(error) {
    const tell = this.#onError;
    this.terminate();
    tell(error);
  }
}
