import { EnumField, IntegerField, TextField, type TextOptions } from '#contract';
import type { FieldProblem } from '#kernel';
import { FRAME_TYPES } from '../frames.js';
import { FILTER_MEMBERS, type FilterMember, type FilterRequest } from '../stream/stream-filter.js';

/** How many values a member of a filter may have. */
export const MAX_VALUES = 100;
/** An id of an agent that is not registered may be any text. */
const MAX_VALUE_CHARS = 256;
export const DECISIONS = ['allowed', 'denied', 'requires_approval', 'unknown'] as const;
export const EPOCH_FORM = /^[0-9a-f]{1,64}$/;

/** Some of these texts, separated by commas. */
const listOf = (value: string): Pick<TextOptions, 'pattern' | 'patternMessage'> => ({
  pattern: new RegExp(`^${value}(,${value}){0,${MAX_VALUES - 1}}$`),
  patternMessage: `must be 1 to ${MAX_VALUES} values, separated by commas`,
});
const anyTexts = listOf(`[^,]{1,${MAX_VALUE_CHARS}}`);
const someOf = (values: readonly string[]): ReturnType<typeof listOf> => ({
  ...listOf(`(${values.join('|')})`),
  patternMessage: `must be of ${values.join(', ')}, separated by commas`,
});

/** By what a stream can be narrowed in a query; each a list that is separated by commas. */
export class StreamFilterQuery {
  @TextField({
    description: 'Types of frames.',
    example: 'rbac_decision,agent_activated',
    ...someOf(FRAME_TYPES),
  })
  type?: string;

  @TextField({ description: 'Ids or names of agents.', example: 'coder,reviewer', ...anyTexts })
  agent?: string;

  @TextField({
    description: 'Roles of the agents, at the moment of the entry.',
    example: 'developer',
    ...anyTexts,
  })
  role?: string;

  @TextField({ description: 'Present categories of the agents.', example: 'core', ...anyTexts })
  category?: string;

  @TextField({ description: 'Decisions.', example: 'denied,requires_approval', ...someOf(DECISIONS) })
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

/** Members whose values are known; anything else could match nothing. */
const KNOWN: Readonly<Partial<Record<FilterMember, readonly string[]>>> = {
  types: FRAME_TYPES,
  decisions: DECISIONS,
};

const SPELLING: Readonly<Record<FilterMember, keyof StreamFilterQuery>> = {
  types: 'type',
  agents: 'agent',
  roles: 'role',
  categories: 'category',
  decisions: 'decision',
};

export function toFilterRequest(query: StreamFilterQuery): FilterRequest {
  return Object.fromEntries(
    FILTER_MEMBERS.flatMap((member) => {
      const text = query[SPELLING[member]];
      return text === undefined ? [] : [[member, text.split(',')]];
    }),
  );
}

/** What is wrong with a filter: nothing could match it, or it is too large. */
export function problemsOf(request: FilterRequest): FieldProblem[] {
  return FILTER_MEMBERS.flatMap((path) => {
    const message = problemWith(path, request[path]);
    return message === null ? [] : [{ path, message }];
  });
}

function problemWith(member: FilterMember, values: readonly string[] | undefined): string | null {
  if (values === undefined) return null;
  if (values.length === 0 || values.length > MAX_VALUES) return `must hold 1 to ${MAX_VALUES} values`;
  if (values.some((value) => value === '' || value.length > MAX_VALUE_CHARS))
    return `must hold texts of 1 to ${MAX_VALUE_CHARS} characters`;
  const known = KNOWN[member];
  return !known || values.every((value) => known.includes(value)) ? null : `must be of ${known.join(', ')}`;
}
