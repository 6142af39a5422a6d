import { Injectable, Logger } from '@nestjs/common';
import { AccessDenials, AccessReads } from '#audit';
import {
  ContractPipe,
  EnumField,
  IntegerField,
  ObjectField,
  TextField,
  TextListField,
  UnknownFields,
} from '#contract';
import {
  AccessDenied,
  AgentDirectory,
  DomainError,
  newId,
  type OperationContext,
  ValidationFailed,
} from '#kernel';
import { EPOCH_FORM, problemsOf } from '../dto/stream.query.js';
import type { StreamPosition } from './encoding.js';
import type { StreamClient } from './stream-client.js';
import { MAX_SUBSCRIPTIONS, StreamFeed } from './stream-feed.js';
import { type FilterRequest, type StreamFilter, toStreamFilter } from './stream-filter.js';

const MAX_REQUEST_ID_CHARS = 128;
const WS_ROUTE = 'WS command';

@UnknownFields('reject')
class Command {
  @EnumField(['subscribe', 'unsubscribe', 'resume'], { description: 'What to do.', required: true })
  command!: 'subscribe' | 'unsubscribe' | 'resume';

  @TextField({
    description: 'A text of your own, which comes back in the answer.',
    maxChars: MAX_REQUEST_ID_CHARS,
  })
  request_id?: string;
}

class SubscribeCommand extends Command {
  @ObjectField({ description: 'What the subscription is for; everything without one.' })
  filter?: Record<string, unknown>;

  @IntegerField({ description: 'The last `seq` that you have of it.', max: Number.MAX_SAFE_INTEGER })
  since?: number;

  @TextField({
    description: 'The log that `since` belongs to.',
    pattern: EPOCH_FORM,
    patternMessage: 'must be the epoch of a frame',
  })
  epoch?: string;
}

@UnknownFields('reject')
class FilterMembers {
  @TextListField({ description: 'Types of frames.' })
  types?: string[];

  @TextListField({ description: 'Ids or names of agents.' })
  agents?: string[];

  @TextListField({ description: 'Roles of the agents, at the moment of the entry.' })
  roles?: string[];

  @TextListField({ description: 'Present categories of the agents.' })
  categories?: string[];

  @TextListField({ description: 'Decisions.' })
  decisions?: string[];
}

class UnsubscribeCommand extends Command {
  @TextField({ description: 'The id of a subscription.', required: true })
  subscription!: string;
}

class ResumeCommand extends UnsubscribeCommand {
  @IntegerField({
    description: 'The last `seq` that you have of it.',
    required: true,
    max: Number.MAX_SAFE_INTEGER,
  })
  since!: number;

  @TextField({
    description: 'The log that `since` belongs to.',
    required: true,
    pattern: EPOCH_FORM,
    patternMessage: 'must be the epoch of a frame',
  })
  epoch!: string;
}

const COMMANDS = { subscribe: SubscribeCommand, unsubscribe: UnsubscribeCommand, resume: ResumeCommand };

/** Carries out what clients send. */
@Injectable()
export class StreamCommands {
  private readonly logger = new Logger(StreamCommands.name);
  private readonly pipe = new ContractPipe();

  constructor(
    private readonly feed: StreamFeed,
    private readonly agents: AgentDirectory,
    private readonly denials: AccessDenials,
    private readonly reads: AccessReads,
  ) {}

  /** Carries out what a client sends, one after the other; it is answered once it has read what it was told. */
  take(client: StreamClient, message: Buffer, isBinary: boolean): void {
    client.enqueue(() => this.answer(client, message, isBinary));
  }

  /** Answers with a frame, whatever was sent. Never rejects. */
  private async answer(client: StreamClient, message: Buffer, isBinary: boolean): Promise<void> {
    const sent = isBinary ? null : parse(message);
    const told = { command: textOf(sent?.['command']), request_id: textOf(sent?.['request_id']) };
    try {
      if (isBinary) throw new DomainError('BAD_REQUEST', 'Binary messages are not understood.');
      if (!sent) throw new DomainError('INVALID_JSON', 'A command is a JSON object.');
      await this.carryOut(client, sent);
    } catch (error) {
      const { code, message: text } = await this.settled(client, error);
      client.tell('error', { data: { code, message: text, ...told } });
    }
  }

  private async carryOut(client: StreamClient, sent: Record<string, unknown>): Promise<void> {
    const { command } = this.checked(sent, Command, true);
    if (command === 'subscribe') await this.subscribe(client, this.checked(sent, COMMANDS.subscribe));
    else if (command === 'resume') await this.resume(client, this.checked(sent, COMMANDS.resume));
    else this.unsubscribe(client, this.checked(sent, COMMANDS.unsubscribe));
  }

  private async subscribe(client: StreamClient, command: SubscribeCommand): Promise<void> {
    const members = this.checkedFilter(command.filter ?? {});
    const filter = toStreamFilter(members, client.principal, this.agents);
    const since = toSince(command.since, command.epoch);
    const isNew = !client.subscriptions.has(filter.id);
    if (isNew && client.subscriptions.size >= MAX_SUBSCRIPTIONS)
      throw new DomainError(
        'TOO_MANY_SUBSCRIPTIONS',
        `A connection has at most ${MAX_SUBSCRIPTIONS} subscriptions.`,
      );
    await this.begin(client, filter, since, command);
  }

  private resume(client: StreamClient, command: ResumeCommand): Promise<void> {
    const { subscription, since, epoch } = command;
    return this.begin(client, this.filterOf(client, subscription), { epoch, seq: since }, command);
  }

  private async begin(
    client: StreamClient,
    filter: StreamFilter,
    since: StreamPosition | null,
    { command, request_id: requestId }: Command,
  ): Promise<void> {
    const target = JSON.stringify({ command, filter: filter.toRequest(), since: since?.seq });
    await this.reads.record(contextOf(client), target);
    if (client.isOpen) this.feed.begin(client, filter, since, requestId);
  }

  private unsubscribe(client: StreamClient, { subscription: id, request_id }: UnsubscribeCommand): void {
    this.filterOf(client, id);
    const subscription = client.subscriptions.get(id);
    if (subscription) this.feed.end(subscription);
    client.tell('unsubscribed', { data: { subscription: id, ...(request_id ? { request_id } : {}) } });
  }

  private filterOf(client: StreamClient, id: string): StreamFilter {
    const subscription = client.subscriptions.get(id);
    if (subscription) return subscription.filter;
    throw new DomainError('SUBSCRIPTION_NOT_FOUND', 'This connection has no subscription of that id.');
  }

  private checkedFilter(given: Record<string, unknown>): FilterRequest {
    try {
      const members = { ...this.checked(given, FilterMembers) } as FilterRequest;
      const problems = problemsOf(members);
      if (problems.length === 0) return members;
      throw new ValidationFailed(problems);
    } catch (error) {
      if (!(error instanceof ValidationFailed)) throw error;
      throw new ValidationFailed(
        error.problems.map(({ path, message }) => ({ path: `filter.${path}`, message })),
      );
    }
  }

  private checked<T extends object>(value: object, metatype: new () => T, lenient = false): T {
    const known = lenient ? { command: (value as Command).command } : value;
    return this.pipe.transform(known, { type: 'body', metatype }) as T;
  }

  /** A denial is recorded like any other; one that cannot be is told as the failure that it is. */
  private async settled(client: StreamClient, error: unknown): Promise<DomainError> {
    try {
      if (!(error instanceof DomainError)) throw error;
      if (error instanceof AccessDenied) {
        await this.denials.record(contextOf(client), {
          code: error.code,
          reason: error.message,
          target: 'subscribe',
        });
      }
      return error;
    } catch (failure) {
      this.logger.error(failure, 'a command failed');
      return failure instanceof DomainError
        ? failure
        : new DomainError('INTERNAL', 'Something went wrong here.');
    }
  }
}

function contextOf({ principal }: StreamClient): OperationContext {
  return { traceId: newId(), principal, route: WS_ROUTE };
}

/** @throws ValidationFailed for half a position. */
export function toSince(since: number | undefined, epoch: string | undefined): StreamPosition | null {
  if (since === undefined && epoch === undefined) return null;
  if (since === undefined)
    throw new ValidationFailed([{ path: 'since', message: 'is required beside epoch' }]);
  if (epoch === undefined)
    throw new ValidationFailed([{ path: 'epoch', message: 'is required beside since' }]);
  return { epoch, seq: since };
}

function parse(message: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(message.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** What is short enough to be told back. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_REQUEST_ID_CHARS ? value : undefined;
}
