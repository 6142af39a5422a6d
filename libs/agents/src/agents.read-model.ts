import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import { BudgetCalendar, type OperationContext } from '#kernel';
import { type Dialect, IN_JSON, Reader, realColumn, RowMemo, type Selectable, Where } from '#persistence';

/** An agent with what it used today and did in its life: a row of three tables, no scan of any history. */
export interface AgentRow {
  agent_id: string;
  name: string;
  role: string;
  role_confidence: number;
  role_reasoning: string | null;
  capabilities: string;
  rbac_allowed_tools: string | null;
  rbac_denied_tools: string | null;
  rbac_path_scopes: string | null;
  rbac_api_access: string | null;
  rbac_requires_approval: number;
  rbac_approval_threshold: number;
  budget_max_tokens_per_session: number | null;
  budget_max_cost_per_day: number | null;
  metadata_category: string;
  metadata_specialist: number;
  metadata_version: string;
  metadata_tags: string;
  version: number;
  created_at: number;
  updated_at: number;
  last_active_at: number | null;
  today_tokens: number | null;
  today_cost_micro: number | null;
  succeeded: number | null;
  failed: number | null;
  execution_time_us: number | null;
  execution_time_rows: number | null;
  quality_nano: number | null;
  quality_rows: number | null;
  tasks_completed: number | null;
}

export interface AgentFilter {
  readonly role?: string | undefined;
  readonly category?: string | undefined;
  readonly specialist?: boolean | undefined;
  /** A part of a text, whatever the case of its ASCII letters. */
  readonly q?: string | undefined;
  readonly tag?: string | undefined;
  readonly capability?: string | undefined;
  /** Only agents of these ids. */
  readonly agentIds?: readonly string[] | undefined;
}

export interface RegistrySummary {
  readonly total: number;
  readonly roles: Record<string, number>;
  readonly categories: Record<string, number>;
  readonly specialists: number;
}

/** Names sort by code point, whatever the locale of the database. */
const BY_NAME = { sqlite: 'a.name', postgres: 'a.name COLLATE "C"' };

const COLUMNS = [
  ...['a.agent_id', 'a.name', 'a.role', 'a.role_reasoning', 'a.capabilities'],
  ...['a.rbac_allowed_tools', 'a.rbac_denied_tools', 'a.rbac_path_scopes', 'a.rbac_api_access'],
  ...['a.rbac_requires_approval', 'a.rbac_approval_threshold'],
  ...['a.budget_max_tokens_per_session', 'a.budget_max_cost_per_day'],
  ...['a.metadata_category', 'a.metadata_specialist', 'a.metadata_version', 'a.metadata_tags'],
  ...['a.version', 'a.created_at', 'a.updated_at', 'a.last_active_at'],
  ...['u.tokens_used AS today_tokens', 'u.cost_micro AS today_cost_micro'],
  ...['t.succeeded', 't.failed', 't.execution_time_us', 't.execution_time_rows'],
  ...['t.quality_nano', 't.quality_rows', 't.tasks_completed'],
];
const FROM = `FROM agent_identities a
  LEFT JOIN agent_totals t ON t.agent_id = a.agent_id
  LEFT JOIN budget_usage u ON u.account = a.agent_id AND u.day = ?`;

/** What the registry shows: identity, usage of today and performance over the agent's life. */
@Injectable()
export class AgentsReadModel {
  private readonly columns: readonly string[];
  private readonly rows: RowMemo<AgentRow, AgentRow>;

  constructor(
    private readonly reader: Reader,
    private readonly calendar: BudgetCalendar,
  ) {
    this.columns = [...COLUMNS, realColumn(reader.dialect, 'a.role_confidence')];
    this.rows = new RowMemo(this.columns, (row) => row);
  }

  findLive(agentId: string): Promise<AgentRow | null> {
    return this.one(this.reader, 'WHERE a.agent_id = ? AND a.retired_at IS NULL', agentId);
  }

  /** Retired agents too; inside a transaction as that sees it. */
  find(ctx: OperationContext, agentId: string): Promise<AgentRow | null> {
    return this.one(this.reader.within(ctx), 'WHERE a.agent_id = ?', agentId);
  }

  private async one(db: Selectable, condition: string, agentId: string): Promise<AgentRow | null> {
    const [row] = await db.select<AgentRow>(this.columns, `${FROM} ${condition}`, [
      this.calendar.today().date,
      agentId,
    ]);
    return row ?? null;
  }

  /** By name. */
  async list(filter: AgentFilter, page: Page): Promise<PageOf<AgentRow>> {
    const { dialect } = this.reader;
    const name = BY_NAME[dialect];
    const all = toWhere(filter, dialect);
    const part = toWhere(filter, dialect).andAll(`${name} > ?`, page.after);
    const [rows, [counted]] = await Promise.all([
      this.rows.select(this.reader, `${FROM} ${part.sql} ORDER BY ${name} LIMIT ? OFFSET ?`, [
        this.calendar.today().date,
        ...part.parameters,
        page.limit + 1,
        page.skip,
      ]),
      this.reader.query<{ total: number }>(
        `SELECT COUNT(*) AS total FROM agent_identities a ${all.sql}`,
        all.parameters,
      ),
    ]);
    return { ...pageOf(rows, page.limit, (row) => [row.name]), total: counted?.total ?? 0 };
  }

  /** What each live agent has spent today, micro-USD. */
  findSpending(): Promise<{ readonly agent_id: string; readonly cost_micro: number }[]> {
    return this.reader.query(
      `SELECT a.agent_id, COALESCE(u.cost_micro, 0) AS cost_micro FROM agent_identities a
       LEFT JOIN budget_usage u ON u.account = a.agent_id AND u.day = ? WHERE a.retired_at IS NULL`,
      [this.calendar.today().date],
    );
  }

  async summarize(): Promise<RegistrySummary> {
    const rows = await this.reader.query<{
      role: string;
      category: string;
      agents: number;
      specialists: number;
    }>(
      `SELECT role, metadata_category AS category, COUNT(*) AS agents, SUM(metadata_specialist) AS specialists
       FROM agent_identities WHERE retired_at IS NULL GROUP BY role, metadata_category ORDER BY role, metadata_category`,
    );
    const summary = {
      total: 0,
      roles: counts(),
      categories: counts(),
      specialists: 0,
    };
    for (const { role, category, agents, specialists } of rows) {
      summary.total += agents;
      summary.specialists += specialists;
      summary.roles[role] = (summary.roles[role] ?? 0) + agents;
      summary.categories[category] = (summary.categories[category] ?? 0) + agents;
    }
    return summary;
  }
}

/** Lists are kept as JSON text. */
const LISTS: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `json_each(${column})`,
  postgres: (column) => `jsonb_array_elements_text(CAST(${column} AS jsonb)) AS value`,
};

/** Whether the lower case of a text holds another; of the letters, those of ASCII have one on either database. */
const HOLDS: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `instr(lower(${column}), ?) > 0`,
  postgres: (column) => `strpos(lower(${column} COLLATE "C"), ?) > 0`,
};
const SEARCHED = ['a.name', 'a.role', 'a.role_reasoning', 'a.metadata_category'];

function toWhere(
  { role, category, specialist, q, tag, capability, agentIds }: AgentFilter,
  dialect: Dialect,
): Where {
  const holding = (column: string) => `EXISTS (SELECT 1 FROM ${LISTS[dialect](column)} WHERE value = ?)`;
  const needle = q?.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return (
    new Where()
      .andAll('a.retired_at IS NULL', [])
      .and('a.role = ?', role)
      .and('a.metadata_category = ?', category)
      .and('a.metadata_specialist = ?', specialist === undefined ? null : Number(specialist))
      .and(holding('a.metadata_tags'), tag)
      .and(holding('a.capabilities'), capability)
      // By name still: `+` keeps SQLite from looking ids up and sorting what it finds.
      .and(
        `${dialect === 'sqlite' ? '+' : ''}a.agent_id ${IN_JSON[dialect]}`,
        agentIds && JSON.stringify(agentIds),
      )
      .andAll(
        `(${SEARCHED.map(HOLDS[dialect]).join(' OR ')})`,
        needle === undefined ? undefined : SEARCHED.map(() => needle),
      )
  );
}

/** Without a prototype, so that `constructor` is a category like any other. */
function counts(): Record<string, number> {
  return Object.create(null) as Record<string, number>;
}
