import { SERVICE_VERSION } from '#config';
import { SHORT_STREAM_PATH, STREAM_PATH } from '../stream/stream.gateway.js';
import { COMMANDS, FRAMES, NOTICES, objectOf, type RegisteredFrame, type Schema } from '../frames/index.js';
import { CLOSE_CODES, PAGES_PATH, QUERY, SSE_PATH } from './connection.js';

interface Message {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly payload: Schema;
  /** What one must hold to see it. */
  readonly 'x-permission'?: string;
  /** The operation types of the entries that cause it. */
  readonly 'x-entries'?: readonly string[];
}

interface Reference {
  readonly $ref: string;
}

/** An AsyncAPI 3 document, as much of it as is used. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: object;
  readonly channels: Readonly<Record<string, { readonly address: string; readonly messages: object }>>;
  readonly operations: object;
  readonly components: { readonly messages: Readonly<Record<string, Message>> } & Record<string, unknown>;
  readonly [member: string]: unknown;
}

const CHANNELS = { stream: STREAM_PATH, streamShort: SHORT_STREAM_PATH } as const;
const TIME: Schema = { type: 'string', format: 'date-time', description: 'When, ISO 8601 UTC.' };

/** Of every frame and every command: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export function buildAsyncApi(): AsyncApiDocument {
  const entries = Object.fromEntries(FRAMES.map((frame) => [frame.form.type, ofEntry(frame)]));
  const notices = Object.fromEntries(Object.keys(NOTICES).map((type) => [type, ofNotice(type)]));
  const commands = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, ofCommand(name)]));
  const sent = { ...notices, ...entries };
  const names = Object.keys(CHANNELS);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Agent Reality Map: the live stream',
      version: SERVICE_VERSION,
      description:
        'Everything that happens is one entry of one ordered log; the stream is that log, read from a place on. The same ' +
        `frames come over Server-Sent Events at \`GET ${SSE_PATH}\` (the frame's type is the event, the frame its data, ` +
        `\`<epoch>-<seq>\` its id) and page by page at \`GET ${PAGES_PATH}\`; both are in the OpenAPI document.`,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    defaultContentType: 'application/json',
    servers: {
      service: {
        host: '{host}',
        protocol: 'ws',
        description: 'Behind TLS it is `wss`.',
        variables: { host: { default: 'localhost:8000', description: 'Where the service listens.' } },
        security: ['bearer', 'apiKey', 'ticket'].map((name) => refTo(`components/securitySchemes/${name}`)),
      },
    },
    channels: Object.fromEntries(
      Object.entries(CHANNELS).map(([name, address]) => [name, toChannel(address, { ...sent, ...commands })]),
    ),
    operations: Object.fromEntries(names.flatMap((name) => operationsOn(name, Object.keys(sent)))),
    components: {
      messages: { ...sent, ...commands },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        apiKey: { type: 'httpApiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
        ticket: {
          type: 'httpApiKey',
          in: 'query',
          name: 'ticket',
          description: QUERY['ticket']?.description,
        },
      },
    },
  };
}

function toChannel(address: string, messages: Readonly<Record<string, Message>>) {
  const codes = CLOSE_CODES.map(({ code, meaning, advice }) => `- ${code}: ${meaning} ${advice}`);
  return {
    address,
    description: `Asks for the permission \`stream:read\`. Close codes:\n\n${codes.join('\n')}`,
    messages: Object.fromEntries(
      Object.keys(messages).map((name) => [name, refTo(`components/messages/${name}`)]),
    ),
    bindings: {
      ws: { method: 'GET', query: { type: 'object', properties: QUERY }, bindingVersion: '0.1.0' },
    },
  };
}

/** Operations are told from the service's side: it sends frames and receives commands. */
function operationsOn(channel: string, frames: readonly string[]): [string, object][] {
  const messages = (names: readonly string[]) =>
    names.map((name) => refTo(`channels/${channel}/messages/${name}`));
  const receive = Object.entries(COMMANDS).map(([name, { description, answers }]): [string, object] => [
    `${channel}.${name}`,
    {
      action: 'receive',
      channel: refTo(`channels/${channel}`),
      summary: description,
      messages: messages([name]),
      reply: { channel: refTo(`channels/${channel}`), messages: messages([...answers, 'error']) },
    },
  ]);
  const send = {
    action: 'send',
    channel: refTo(`channels/${channel}`),
    summary: 'Frames, as they happen.',
    messages: messages(frames),
  };
  return [[`${channel}.frames`, send], ...receive];
}

function ofEntry({ form, entries, reported }: RegisteredFrame): Message {
  return {
    ...headOf(form.type, form.description),
    payload: objectOf({
      type: constant(form.type),
      data: form.schema,
      timestamp: TIME,
      seq: { type: 'integer', minimum: 1, description: "The entry's place in the log." },
      prev_seq: {
        type: 'integer',
        minimum: 0,
        description:
          'The `seq` of the frame before it in this subscription, or a place up to which nothing was for it.',
      },
      subscription: { type: 'string', description: 'Which subscription it belongs to.' },
    }),
    'x-permission': form.permission,
    'x-entries': [...(reported ? ['whatever clients report'] : []), ...entries],
  };
}

function ofNotice(type: string): Message {
  const { description, schema } = NOTICES[type as keyof typeof NOTICES];
  const content: Readonly<Record<string, Schema>> = schema
    ? { data: schema }
    : { message: { type: 'string', description: 'A greeting.' } };
  return {
    ...headOf(type, description),
    payload: objectOf({ type: constant(type), ...content, timestamp: TIME }),
  };
}

function ofCommand(name: string): Message {
  const { description, schema } = COMMANDS[name as keyof typeof COMMANDS];
  return { ...headOf(name, description), payload: schema };
}

const headOf = (name: string, summary: string) => ({ name, title: name, summary });
const constant = (value: string): Schema => ({ type: 'string', const: value });
const refTo = (path: string): Reference => ({ $ref: `#/${path}` });
