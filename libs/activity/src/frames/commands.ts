import type { StreamFilter } from './notices.js';
import { FILTER_SCHEMA } from './notices.js';
import { integer, type ObjectSchema, objectOf, text } from './schema.js';

interface Command<C extends string> {
  readonly command: C;
  /** A text of the client's own, which comes back in the answer. */
  readonly request_id?: string;
}

/** Where a client stands: it has all up to `since` of the log `epoch`. */
interface Position {
  readonly since: number;
  readonly epoch: string;
}

export type SubscribeCommand = Command<'subscribe'> & { readonly filter?: StreamFilter } & (
    Position | { readonly since?: undefined; readonly epoch?: undefined }
  );
export type ResumeCommand = Command<'resume'> & { readonly subscription: string } & Position;
export type UnsubscribeCommand = Command<'unsubscribe'> & { readonly subscription: string };
export type StreamCommand = SubscribeCommand | ResumeCommand | UnsubscribeCommand;

export interface CommandForm {
  /** What it does, a sentence for people. */
  readonly description: string;
  readonly schema: ObjectSchema;
  /** Types of the frames that answer it, `error` beside them. */
  readonly answers: readonly string[];
}

const named = (command: StreamCommand['command']) => ({
  command: { type: 'string', const: command, description: 'The command.' },
});
const SUBSCRIPTION = { subscription: text('The subscription.') };
const SINCE = { ...integer('The position: what comes is behind it.'), minimum: 0 };
const EPOCH = text('The epoch of the position; the one does not stand without the other.');
const REQUEST_ID = { ...text('A text of your own, which comes back in the answer.'), maxLength: 128 };

/** What a client may send on a WebSocket. */
export const COMMANDS: Readonly<Record<StreamCommand['command'], CommandForm>> = {
  subscribe: {
    description:
      'Begins a subscription; with `since` behind that position. One with the same filter starts anew.',
    schema: objectOf(named('subscribe'), {
      filter: FILTER_SCHEMA,
      since: SINCE,
      epoch: EPOCH,
      request_id: REQUEST_ID,
    }),
    answers: ['subscribed'],
  },
  resume: {
    description: 'Has what came behind a position replayed, and goes on from there.',
    schema: objectOf(
      { ...named('resume'), ...SUBSCRIPTION, since: SINCE, epoch: EPOCH },
      { request_id: REQUEST_ID },
    ),
    answers: ['subscribed'],
  },
  unsubscribe: {
    description: 'Ends a subscription.',
    schema: objectOf({ ...named('unsubscribe'), ...SUBSCRIPTION }, { request_id: REQUEST_ID }),
    answers: ['unsubscribed'],
  },
};
