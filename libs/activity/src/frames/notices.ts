import { integer, listOf, mapOf, number, type ObjectSchema, objectOf, text } from './schema.js';

/** What a subscription asks for. All members must hold; of the values of one, any. */
export interface StreamFilter {
  /** Types of frames. */
  readonly types?: readonly string[];
  /** Ids or names. */
  readonly agents?: readonly string[];
  readonly roles?: readonly string[];
  readonly categories?: readonly string[];
  readonly decisions?: readonly string[];
}

/** Events a second. */
export interface StreamRates {
  readonly total: number;
  readonly by_type: Readonly<Record<string, number>>;
  readonly by_decision: Readonly<Record<string, number>>;
}

export interface StatsData {
  readonly total_agents: number;
  readonly active_connections: number;
  /** Which log it is. */
  readonly epoch: string;
  /** How far it goes. */
  readonly seq: number;
  readonly rates?: StreamRates;
}

/** The `request_id` of the command that is answered, where it had one. */
interface Answering {
  readonly request_id?: string;
}

export interface SubscribedData extends Answering {
  readonly subscription: string;
  readonly filter: StreamFilter;
  readonly epoch: string;
  readonly seq: number;
}

export interface LiveData {
  readonly subscription: string;
  readonly seq: number;
}

export interface PositionData {
  readonly subscription: string;
  readonly epoch: string;
  readonly seq: number;
}

export interface UnsubscribedData extends Answering {
  readonly subscription: string;
}

export interface HistoryLostData {
  readonly subscription: string;
  readonly oldest_seq: number;
  readonly epoch: string;
  readonly seq: number;
}

export interface LaggedData {
  readonly subscription: string;
  readonly from_seq: number;
  readonly to_seq: number;
}

export interface StreamErrorData extends Answering {
  readonly code: string;
  readonly message: string;
  /** As it was sent; absent where that was none. */
  readonly command?: string;
}

/** The data of frames that no entry caused, by type. */
export interface NoticeData {
  readonly connection: undefined;
  readonly stats: StatsData;
  readonly subscribed: SubscribedData;
  readonly live: LiveData;
  readonly position: PositionData;
  readonly unsubscribed: UnsubscribedData;
  readonly history_lost: HistoryLostData;
  readonly lagged: LaggedData;
  readonly error: StreamErrorData;
}
export type NoticeType = keyof NoticeData;

/** A kind of frame that no entry causes. */
export interface NoticeForm<D> {
  /** When it comes, a sentence for people. */
  readonly description: string;
  /** Of the member `data`; null for one without. */
  readonly schema: D extends object ? ObjectSchema<keyof D & string> : null;
}

const SUBSCRIPTION = text('The subscription: `all` for the one without a filter.');
const EPOCH = text('Which log it is. Positions of another epoch mean nothing.');
const REQUEST_ID = text('That of the command, where it had one.');
const perSecond = (by: string) => mapOf({ type: 'number' }, `Events a second by ${by}.`);
const values = (description: string) => ({
  ...listOf({ type: 'string', maxLength: 256 }, description),
  minItems: 1,
  maxItems: 100,
});

export const FILTER_SCHEMA: ObjectSchema<keyof StreamFilter> = {
  ...objectOf(
    {},
    {
      types: values('Types of frames.'),
      agents: values('Agents, by id or name.'),
      roles: values('Roles of agents, at the moment of the entry.'),
      categories: values('Categories of agents, at present.'),
      decisions: values('Decisions: `allowed`, `denied`, `requires_approval`, `unknown`.'),
    },
  ),
  description: 'All members must hold; of the values of one member, any.',
};

/** Every frame that no entry causes. */
export const NOTICES: { readonly [T in NoticeType]: NoticeForm<NoticeData[T]> } = {
  connection: {
    description: 'First on a WebSocket; has a member `message` and no `data`.',
    schema: null,
  },
  stats: {
    description: 'How things stand: second on a WebSocket, then every 10 s.',
    schema: objectOf(
      {
        total_agents: integer('Registered agents.'),
        active_connections: integer('Connected clients of this instance.'),
        epoch: EPOCH,
        seq: integer('The newest entry of the log.'),
      },
      {
        rates: {
          ...objectOf({
            total: number('Events a second.'),
            by_type: perSecond('type of frame'),
            by_decision: perSecond('decision'),
          }),
          description: 'What came since the `stats` before, of what the client may see; not in the first.',
        },
      },
    ),
  },
  subscribed: {
    description: 'A subscription begins, or resumes behind `seq`.',
    schema: objectOf(
      { subscription: SUBSCRIPTION, filter: FILTER_SCHEMA, epoch: EPOCH, seq: integer('Its position.') },
      { request_id: REQUEST_ID },
    ),
  },
  live: {
    description: 'All up to `seq` has been replayed; what follows is live.',
    schema: objectOf({ subscription: SUBSCRIPTION, seq: integer('Its position.') }),
  },
  position: {
    description:
      'All up to `seq` that is for the subscription has been sent. With `stats`, to subscriptions whose own frames do not tell it.',
    schema: objectOf({ subscription: SUBSCRIPTION, epoch: EPOCH, seq: integer('Its position.') }),
  },
  unsubscribed: {
    description: 'A subscription has ended.',
    schema: objectOf({ subscription: SUBSCRIPTION }, { request_id: REQUEST_ID }),
  },
  history_lost: {
    description:
      'What was asked for is no longer there, or belongs to another log. The subscription is live from `seq` on.',
    schema: objectOf({
      subscription: SUBSCRIPTION,
      oldest_seq: integer('The oldest entry that is left.'),
      epoch: EPOCH,
      seq: integer('Its position.'),
    }),
  },
  lagged: {
    description: 'Frames of a range were left out, because the client did not read; `resume` fetches them.',
    schema: objectOf({
      subscription: SUBSCRIPTION,
      from_seq: integer('The first that was left out.'),
      to_seq: integer('The last.'),
    }),
  },
  error: {
    description: 'A command was not carried out.',
    schema: objectOf(
      { code: text('What is wrong, in a stable word.'), message: text('The same in a sentence.') },
      { command: text('Which, as it was sent.'), request_id: REQUEST_ID },
    ),
  },
};
