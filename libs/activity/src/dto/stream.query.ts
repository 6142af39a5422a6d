import { EnumField, IntegerField, TextField } from '#contract';
import { ValidationFailed } from '#kernel';
import { FRAME_TYPES } from '../frames.js';
import { FILTER_MEMBERS, type FilterMember, type FilterRequest } from '../stream/stream-filter.js';

/** How many values a member of a filter may have. */
export const MAX_VALUES = 100;
/** An id of an agent that is not registered may be any text. */
const MAX_VALUE_CHARS = 256;
export const DECISIONS = ['allowed', 'denied', 'requires_approval', 'unknown'] as const;
export const EPOCH_FORM = /^[0-9a-f]{1,64}$/;

/** By what a stream can be narrowed in a query; each a list that is separated by commas. */
export class StreamFilterQuery {
  @TextField({
    description: 'Types of frames, separated by commas.',
    example: 'rbac_decision,agent_activated',
  })
  type?: string;

  @TextField({ description: 'Ids or names of agents, separated by commas.', example: 'coder,reviewer' })
  agent?: string;

  @TextField({ description: 'Roles of the agents, at the moment of the entry.', example: 'developer' })
  role?: string;

  @TextField({ description: 'Present categories of the agents.', example: 'core' })
  category?: string;

  @TextField({ description: 'Decisions, separated by commas.', example: 'denied,requires_approval' })
  decision?: string;
}

export class StreamQuery extends StreamFilterQuery {
  @IntegerField({
    description: 'The last `seq` that you have: what came behind it is replayed first.',
    example: 1042,
    max: Number.MAX_SAFE_INTEGER,
  })
  since?: number;

  @TextField({
    description: 'The log that `since` belongs to, as frames state it.',
    example: '1f0c6a0de7c1f7f5',
    pattern: EPOCH_FORM,
    patternMessage: 'must be the epoch of a frame',
  })
  epoch?: string;

  @EnumField(['none'], { description: '`none` begins without a subscription.', example: 'none' })
  start?: 'none';
}

const SPELLING: Readonly<Record<FilterMember, keyof StreamFilterQuery>> = {
  types: 'type',
  agents: 'agent',
  roles: 'role',
  categories: 'category',
  decisions: 'decision',
};

/** @throws ValidationFailed */
export function toFilterRequest(query: StreamFilterQuery): FilterRequest {
  const request = Object.fromEntries(
    FILTER_MEMBERS.flatMap((member) => {
      const text = query[SPELLING[member]];
      return text === undefined ? [] : [[member, text.split(',').map((value) => value.trim())]];
    }),
  ) as FilterRequest;
  requireFilter(request, (member) => SPELLING[member]);
  return request;
}

/** @throws ValidationFailed for a filter that nothing could match, or that is too large. @param nameOf how a member was spelt. */
export function requireFilter(request: FilterRequest, nameOf: (member: FilterMember) => string): void {
  const problems = FILTER_MEMBERS.flatMap((member) => {
    const message = problemWith(member, request[member]);
    return message === null ? [] : [{ path: nameOf(member), message }];
  });
  if (problems.length > 0) throw new ValidationFailed(problems);
}

function problemWith(member: FilterMember, values: readonly string[] | undefined): string | null {
  if (values === undefined) return null;
  if (values.length === 0 || values.length > MAX_VALUES) return `must hold 1 to ${MAX_VALUES} values`;
  if (values.some((value) => value === '' || value.length > MAX_VALUE_CHARS))
    return `must hold texts of 1 to ${MAX_VALUE_CHARS} characters`;
  const known = { types: FRAME_TYPES, decisions: DECISIONS as readonly string[] }[member as 'types'];
  const stranger = known && values.find((value) => !known.includes(value));
  return stranger === undefined ? null : `must be of ${known?.join(', ')}`;
}
