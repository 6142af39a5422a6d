import { EnumField, IntegerField, pageQuery, TextField, TextListField, UnknownFields } from '#contract';
import { type AgentDirectory, type FieldProblem, toStorable, ValidationFailed } from '#kernel';
import { ENTRY_SOURCES, type NewSink } from '../sinks/sink.js';
import { faultOf } from '../sinks/sink-target.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/;
const MAX_TYPES = 100;
const TYPE = /^[^*]{1,200}(\.\*)?$/u;
const DECISIONS = ['allowed', 'denied', 'requires_approval', 'unknown'];
/** Seconds. */
const MAX_GRACE_S = 30 * 86_400;
export const DAY_S = 86_400;

@UnknownFields('reject')
export class CreateSinkRequest {
  @TextField({
    description: 'What it is called; no two have the same name.',
    example: 'siem',
    required: true,
    pattern: NAME,
    patternMessage: 'must be 1 to 64 letters, digits, blanks, points, hyphens and underscores',
  })
  name!: string;

  @TextField({
    description:
      'Where to: `https://HOST/PATH` or `http://HOST/PATH` for a webhook, `syslog+tls://HOST:PORT` or `syslog+tcp://HOST:PORT` for syslog.',
    example: 'https://siem.example/hooks/audit',
    required: true,
    maxChars: 2000,
  })
  target!: string;

  @TextField({
    description: 'Only entries of this agent: UUID or name, or the text that was sent as its id.',
    example: 'coder',
  })
  agent_id?: string;

  @TextListField({
    description:
      'Only entries of these types, up to 100; `budget.*` means all that begin with `budget.`. Absent or empty: all.',
    example: ['access.denied', 'budget.*'],
  })
  operation_types?: string[];

  @TextListField({
    description: `Only entries with these decisions: ${DECISIONS.join(', ')}. Absent or empty: all.`,
    example: ['denied', 'requires_approval'],
  })
  decisions?: string[];

  @EnumField(ENTRY_SOURCES, {
    description:
      'Only what this service did or decided (`decided`), or what clients said (`reported`). Absent: both. Whoever reports may give any operation type.',
    example: 'decided',
  })
  source?: (typeof ENTRY_SOURCES)[number];

  @IntegerField({
    description: 'The first entry that it gets; 1 is the beginning of the log. Absent: those from now on.',
    example: 1,
    min: 1,
    max: 1e15,
  })
  from_seq?: number;
}

@UnknownFields('reject')
export class RotateSinkSecretRequest {
  @IntegerField({
    description: 'For how long the old secret signs beside the new one, seconds.',
    default: DAY_S,
    example: DAY_S,
    max: MAX_GRACE_S,
  })
  grace_s?: number;
}

export class SinksQuery extends pageQuery({
  list: 'audit/sinks',
  place: ['number', 'string'],
  maxLimit: 100,
}) {}

export class DeadLettersQuery extends pageQuery({
  list: 'audit/sinks/dead-letters',
  place: ['number', 'string'],
  maxLimit: 1000,
}) {}

/** @throws ValidationFailed for a target that nothing can be delivered to, and a filter that lets nothing through. */
export function toNewSink(request: CreateSinkRequest, agents: AgentDirectory): NewSink {
  const { name, target, agent_id: agent, operation_types: types = [], decisions = [] } = request;
  const problems: FieldProblem[] = [];
  const fault = faultOf(target);
  if (fault) problems.push({ path: 'target', message: fault });
  if (types.length > MAX_TYPES || !types.every((type) => TYPE.test(type)))
    problems.push({
      path: 'operation_types',
      message: `must be up to ${MAX_TYPES} types of up to 200 characters, with .* at the end alone`,
    });
  if (!decisions.every((decision) => DECISIONS.includes(decision)))
    problems.push({ path: 'decisions', message: `must hold only ${DECISIONS.join(', ')}` });
  if (problems.length > 0) throw new ValidationFailed(problems);
  const orAll = (list: readonly string[]) => (list.length === 0 ? null : [...new Set(list)]);
  return {
    name,
    target: new URL(target).href,
    filter: {
      agentId: agent === undefined ? null : toStorable(agents.idFor(agent)),
      operationTypes: orAll(types),
      decisions: orAll(decisions),
      source: request.source ?? null,
    },
    fromSeq: request.from_seq ?? null,
  };
}
