import { LIMITS } from '#kernel';
import { MIN_COST_PER_DAY_USD } from '../agent-defaults.js';
import { agentIdOf, readAgentId, readName } from './imported-name.js';
import {
  listItems,
  numberIn,
  type NumberRange,
  refuseField,
  scalarText,
  textFault,
  truthValue,
} from './field-values.js';
import { type Field, type Fields, firstPresent, inBlock } from './fields.js';
import { deriveRole, type RoleFacts } from './role-derivation.js';

/** An agent as its file describes it. Null in rights and limits means absent: inherited from the role. */
export interface ImportedAgent {
  /** `^[a-z0-9-]{1,64}$` */
  name: string;
  /** UUID in lower case. */
  agentId: string;
  role: string;
  /** 0–1; 0 where the file says nothing. */
  roleConfidence: number;
  roleReasoning: string | null;
  capabilities: string[];
  allowedTools: string[] | null;
  deniedTools: string[] | null;
  pathScopes: string[] | null;
  apiAccess: string[] | null;
  requiresApproval: boolean | null;
  /** USD. */
  approvalThresholdUsd: number | null;
  /** Tokens. */
  maxTokensPerSession: number | null;
  /** USD. */
  maxCostPerDayUsd: number | null;
  category: string;
  specialist: boolean;
  version: string | null;
  tags: string[];
}

export interface BuiltAgent {
  readonly agent: ImportedAgent;
  readonly notes: string[];
  /** 1-based, for reports on what only shows beside other files. */
  readonly nameLine: number;
  readonly idLine: number;
}

const NO_CATEGORY = 'uncategorised';
const CONFIDENCE: NumberRange = { min: 0, max: 1 };
const THRESHOLD: NumberRange = { min: 0, max: LIMITS.costUsd };
const COST: NumberRange = { min: MIN_COST_PER_DAY_USD, max: LIMITS.costUsd };
const TOKENS: NumberRange = { min: 1, max: LIMITS.tokens, integer: true };

/**
 * Makes the agent of a file's fields. A bad value among the rights and limits (`rbac`, `budget`, tools) refuses the
 * file: taken as absent it would be inherited, and could so allow what the file was to forbid. A bad value among what
 * only describes the agent is taken as absent, with a note.
 * @param path relative to the imported folder, `/`-separated
 * @throws IdentityRefused with the line of the value.
 */
export function buildAgent(path: string, fields: Fields, facts: RoleFacts): BuiltAgent {
  const builder = new AgentBuilder(path, fields, facts);
  return builder.build();
}

class AgentBuilder {
  private readonly notes: string[] = [];

  constructor(
    private readonly path: string,
    private readonly fields: Fields,
    private readonly facts: RoleFacts,
  ) {}

  build(): BuiltAgent {
    this.checkBlocks();
    const nameField = firstPresent(this.fields, 'name');
    const name = readName(nameField, stemOf(this.path), (text) => this.notes.push(text));
    const idField = inBlock(this.fields, 'identity', 'agent_id');
    const tags = [
      ...this.describingList('tags', inBlock(this.fields, 'metadata', 'tags') ?? this.top('x-tags')),
    ];
    const agentId = this.agentId(name, idField, tags);
    const category = this.category();
    const agent: ImportedAgent = {
      name,
      agentId,
      role: this.role(name, category),
      roleConfidence: this.confidence(),
      roleReasoning: this.describingText(
        'role_reasoning',
        inBlock(this.fields, 'identity', 'role_reasoning'),
      ),
      capabilities: this.describingList('capabilities', this.top('capabilities', 'x-capabilities')),
      allowedTools: this.rightsList('allowed_tools', this.top('allowed-tools', 'tools')),
      deniedTools: this.rightsList('denied_tools', this.top('disallowedTools', 'disallowed-tools')),
      pathScopes: this.rightsList('path_scopes', null),
      apiAccess: this.rightsList('api_access', null),
      requiresApproval: this.requiresApproval(),
      approvalThresholdUsd: this.limit('rbac', 'approval_threshold', THRESHOLD),
      maxTokensPerSession: this.limit('budget', 'max_tokens_per_session', TOKENS),
      maxCostPerDayUsd: this.limit('budget', 'max_cost_per_day', COST),
      category,
      specialist: this.specialist(),
      version: this.describingText(
        'version',
        inBlock(this.fields, 'metadata', 'version') ?? this.top('x-version'),
      ),
      tags,
    };
    return { agent, notes: this.notes, nameLine: nameField?.line ?? 1, idLine: idField?.line ?? 1 };
  }

  /** A block that is no map: its fields are there for the reader, but not for us. */
  private checkBlocks(): void {
    for (const block of ['rbac', 'budget']) {
      const field = this.top(block, `x-${block}`);
      if (field !== null) refuseField(field, block, 'is not a block of fields');
    }
    for (const block of ['identity', 'metadata']) {
      if (this.top(block, `x-${block}`) !== null)
        this.notes.push(`${block} is not a block of fields, ignored`);
    }
    const currency = inBlock(this.fields, 'budget', 'currency');
    if (currency !== null && scalarText(currency)?.toUpperCase() !== 'USD')
      refuseField(currency, 'currency', 'is not USD');
  }

  private agentId(name: string, field: Field | null, tags: string[]): string {
    if (field === null) return agentIdOf(name);
    const written = scalarText(field);
    const id = written === null ? null : readAgentId(written);
    if (id !== null) return id;
    this.notes.push('agent_id was not a UUID: derived from the name');
    if (written !== null && textFault(`source-id:${written}`) === null) tags.push(`source-id:${written}`);
    return agentIdOf(name);
  }

  private category(): string {
    const field = inBlock(this.fields, 'metadata', 'category') ?? this.top('x-category');
    const written = this.describingText('category', field);
    if (written !== null) return written;
    const slash = this.path.indexOf('/');
    return slash === -1 ? NO_CATEGORY : this.path.slice(0, slash);
  }

  private role(name: string, category: string): string {
    const field = inBlock(this.fields, 'identity', 'role');
    const written = field === null ? null : (scalarText(field)?.toLowerCase() ?? '');
    if (written !== null && this.facts.roles.includes(written)) return written;
    const { role, because } = deriveRole(name, this.path, category, this.facts);
    const instead = written === null ? 'none given' : `"${written.slice(0, 64)}" is no role`;
    this.notes.push(`role derived: ${role} (${instead}; ${because})`);
    return role;
  }

  private confidence(): number {
    const field = inBlock(this.fields, 'identity', 'role_confidence');
    if (field === null) return 0;
    const value = numberIn(field, CONFIDENCE);
    if (typeof value === 'number') return value;
    this.ignored('role_confidence', field, value);
    return 0;
  }

  private specialist(): boolean {
    const field = inBlock(this.fields, 'metadata', 'specialist') ?? this.top('x-specialist');
    if (field === null) return false;
    const value = truthValue(field);
    if (value === null) this.ignored('specialist', field, 'is not true or false');
    return value ?? false;
  }

  private requiresApproval(): boolean | null {
    const field = inBlock(this.fields, 'rbac', 'requires_approval');
    return field === null
      ? null
      : (truthValue(field) ?? refuseField(field, 'requires_approval', 'is not true or false'));
  }

  private limit(block: string, key: string, range: NumberRange): number | null {
    const field = inBlock(this.fields, block, key);
    if (field === null) return null;
    const value = numberIn(field, range);
    return typeof value === 'number' ? value : refuseField(field, key, value);
  }

  private rightsList(key: string, otherwise: Field | null): string[] | null {
    const field = inBlock(this.fields, 'rbac', key) ?? otherwise;
    if (field === null) return null;
    const items = listItems(field) ?? refuseField(field, key, 'is not a list of texts');
    const fault = items.map(textFault).find((text) => text !== null);
    return fault === undefined ? [...items] : refuseField(field, key, `has an item that ${fault}`);
  }

  private describingList(key: string, field: Field | null): string[] {
    if (field === null) return [];
    const items = listItems(field);
    const fault =
      items === null ? 'is not a list of texts' : items.map(textFault).find((text) => text !== null);
    if (items !== null && fault === undefined) return [...items];
    this.ignored(key, field, fault ?? '');
    return [];
  }

  private describingText(key: string, field: Field | null): string | null {
    if (field === null) return null;
    const text = scalarText(field);
    const fault = text === null ? 'is not a text' : textFault(text);
    if (fault === null) return text;
    this.ignored(key, field, fault);
    return null;
  }

  private ignored(key: string, field: Field, fault: string): void {
    this.notes.push(`${key} ${fault}, ignored (line ${field.line})`);
  }

  private top(...paths: readonly string[]): Field | null {
    return firstPresent(this.fields, ...paths);
  }
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.md$/i, '');
}
