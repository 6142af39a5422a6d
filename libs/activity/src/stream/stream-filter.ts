import { createHash } from 'node:crypto';
import type { AgentDirectory, Principal } from '#kernel';
import { ownRows } from '#rbac';
import type { StreamEvent } from './stream-event.js';

/** What a filter may name, as commands spell it. */
export const FILTER_MEMBERS = ['types', 'agents', 'roles', 'categories', 'decisions'] as const;
export type FilterMember = (typeof FILTER_MEMBERS)[number];

/** What a client asks for: all members that are given must hold, and of each any value. */
export type FilterRequest = { readonly [Member in FilterMember]?: readonly string[] | undefined };

/** The id of the subscription without a filter. */
export const UNFILTERED = 'all';
const ID_CHARS = 16;

/** Which events a subscription is for. Two with the same members have the same id, whoever asked. */
export class StreamFilter {
  readonly id: string;
  private readonly members: ReadonlyMap<FilterMember, ReadonlySet<string>>;

  /** @param request agents by id. */
  constructor(request: FilterRequest) {
    const given = FILTER_MEMBERS.filter((member) => request[member] !== undefined);
    this.members = new Map(given.map((member) => [member, new Set([...(request[member] ?? [])].sort())]));
    const canonical = JSON.stringify(this.toRequest());
    this.id =
      given.length === 0
        ? UNFILTERED
        : createHash('sha256').update(canonical).digest('hex').slice(0, ID_CHARS);
  }

  /** The values of a member; undefined where any will do. */
  get(member: FilterMember): ReadonlySet<string> | undefined {
    return this.members.get(member);
  }

  matches(candidate: StreamEvent, agents: AgentDirectory): boolean {
    const { event, type } = candidate;
    return (
      type !== null &&
      this.takes('types', type) &&
      this.takes('agents', event.agentId) &&
      this.takes('roles', event.agentRole) &&
      this.takes('decisions', event.rbacDecision) &&
      (!this.members.has('categories') || this.takes('categories', agents.categoryOf(event.agentId) ?? ''))
    );
  }

  toRequest(): FilterRequest {
    return Object.fromEntries([...this.members].map(([member, values]) => [member, [...values]]));
  }

  private takes(member: FilterMember, value: string): boolean {
    return this.members.get(member)?.has(value) ?? true;
  }
}

export const NO_FILTER = new StreamFilter({});

/**
 * The filter that a principal asks for; agents by id or name.
 * @throws AccessDenied `NOT_OWN_AGENT` where an agent's key names another agent.
 */
export function toStreamFilter(
  request: FilterRequest,
  principal: Principal,
  directory: AgentDirectory,
): StreamFilter {
  const agents = request.agents?.map((reference) => directory.idFor(reference));
  for (const agentId of agents ?? []) ownRows(principal, agentId);
  return new StreamFilter({ ...request, agents });
}
