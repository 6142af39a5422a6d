/**
 * Who may call what, written out. A `+` may, a `-` is answered 403; without a key in force every route is answered
 * 401 but those that are `public`. The last column is the key that is bound to an agent, whatever its role: `any`
 * agent's rows, its `own` alone, or `-` never.
 */
const TABLE = `
                                                   adm dev rev sec dat fro bac tes ana coo  agent
GET    /                                           public
GET    /health                                     public
GET    /docs                                       public
GET    /docs/                                      public
GET    /docs/index.html                            public
GET    /docs/LICENSE                               public
GET    /docs/swagger-ui-init.js                    public
GET    /docs/docs/swagger-ui-init.js               public
GET    /docs/stream                                public
GET    /asyncapi.json                              public
GET    /openapi.json                               public
GET    /openapi.yaml                               public

POST   /api/v1/agents                               +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/agents                               +   +   +   +   +   +   +   +   +   +    any
GET    /api/v1/agents/registry                      +   +   +   +   +   +   +   +   +   +    any
GET    /api/v1/registry/agents                      +   +   +   +   +   +   +   +   +   +    any
GET    /api/v1/agents/stats/summary                 +   +   +   +   +   +   +   +   +   +    any
GET    /api/v1/agents/name/:agent_name              +   +   +   +   +   +   +   +   +   +    any
GET    /api/v1/agents/:agent_id                     +   +   +   +   +   +   +   +   +   +    any
PUT    /api/v1/agents/:agent_id                     +   -   -   -   -   -   -   -   -   -    -
DELETE /api/v1/agents/:agent_id                     +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/agents/:agent_id/activate            +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/agents/:agent_id/complete            +   +   +   +   +   +   +   +   +   +    own

POST   /api/v1/metrics                              +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/metrics/batch                        +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/metrics                              +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/metrics/aggregate                    +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/metrics/agent/:agent_id/summary      +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/metrics/timeseries                   +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/metrics/leaderboard                  +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/metrics/quality                      +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/metrics/resources/usage              +   +   +   +   +   +   +   +   +   +    own

POST   /api/v1/budget/deduct                        +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/budget/reserve                       +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/budget/settle                        +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/budget/ledger                        +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/registry/agents/:agent_id/budget     +   +   +   +   +   +   +   +   +   +    own

POST   /api/v1/events/ingest                        +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/events/ingest/batch                  +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/events/audit                         +   -   +   +   -   -   -   -   +   -    own
GET    /api/v1/events/audit/stats                   +   -   +   +   -   -   -   -   +   -    own
GET    /api/v1/events                               +   -   +   +   -   -   -   -   +   -    own
GET    /api/v1/alerts                               +   -   +   +   -   -   -   -   +   -    own
GET    /api/v1/audit/checkpoint                     +   -   +   +   -   -   -   -   +   -    -
POST   /api/v1/audit/checkpoint                     +   -   +   +   -   -   -   -   +   -    -
GET    /api/v1/audit/checkpoints                    +   -   +   +   -   -   -   -   +   -    -
GET    /api/v1/audit/proof/inclusion                +   -   +   +   -   -   -   -   +   -    -
GET    /api/v1/audit/proof/consistency              +   -   +   +   -   -   -   -   +   -    -
GET    /api/v1/audit/entries/:audit_id              +   -   +   +   -   -   -   -   +   -    -
POST   /api/v1/audit/entries/:audit_id/erase         +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/audit/public-key                     +   -   +   +   -   -   -   -   +   -    -
GET    /api/v1/audit/export                         +   -   +   +   -   -   -   -   +   -    own
POST   /api/v1/audit/holds                          +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/audit/holds                          +   -   -   -   -   -   -   -   -   -    -
DELETE /api/v1/audit/holds/:hold_id                 +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/audit/sinks                          +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/audit/sinks                          +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/audit/sinks/:sink_id                 +   -   -   -   -   -   -   -   -   -    -
DELETE /api/v1/audit/sinks/:sink_id                 +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/audit/sinks/:sink_id/pause           +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/audit/sinks/:sink_id/resume          +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/audit/sinks/:sink_id/rotate-secret   +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/audit/sinks/:sink_id/dead-letters    +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/audit/sinks/:sink_id/dead-letters/:dead_letter_id/redeliver  +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/audit/verify                         +   -   +   +   -   -   -   -   +   -    -
GET    /api/v1/audit/verify                         +   -   +   +   -   -   -   -   +   -    -
GET    /api/v1/agent-activity                       +   -   +   +   -   -   -   -   +   -    own
GET    /api/v1/activity/active                      +   -   +   +   -   -   -   -   +   +    own
GET    /api/v1/activity/sessions                    +   -   +   +   -   -   -   -   +   +    own
GET    /api/v1/activity/sessions/:session_id        +   -   +   +   -   -   -   -   +   +    own
GET    /api/v1/activity                             +   -   +   +   -   -   -   -   +   +    own
GET    /api/v1/agents/activity/events               +   -   +   +   -   -   -   -   +   +    own
POST   /api/v1/activity/ticket                      +   -   +   +   -   -   -   -   +   +    own
GET    /api/v1/websocket/health                     +   +   +   +   +   +   +   +   +   +    any

POST   /api/v1/keys                                 +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/keys                                 +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/keys/:key_id                         +   -   -   -   -   -   -   -   -   -    -
POST   /api/v1/keys/:key_id/rotate                  +   -   -   -   -   -   -   -   -   -    -
DELETE /api/v1/keys/:key_id                         +   -   -   -   -   -   -   -   -   -    -

POST   /api/v1/rbac/check                           +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/rbac/check/batch                     +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/rbac/explain                         +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/rbac/simulate                        +   -   -   +   -   -   -   -   -   -    -
GET    /api/v1/rbac/roles                           +   +   +   +   +   +   +   +   +   +    -
GET    /api/v1/rbac/roles/:role                     +   +   +   +   +   +   +   +   +   +    -
GET    /api/v1/rbac/effective/:agent_id             +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/rbac/coverage                        +   +   +   +   +   +   +   +   +   +    -
GET    /api/v1/policy                               +   +   +   +   +   +   +   +   +   +    -
POST   /api/v1/policy/reload                        +   -   -   -   -   -   -   -   -   -    -
GET    /api/v1/policy/versions                      +   +   +   +   +   +   +   +   +   +    -
GET    /api/v1/policy/versions/:version             +   +   +   +   +   +   +   +   +   +    -
GET    /api/v1/approvals                            +   +   +   +   +   +   +   +   +   +    own
GET    /api/v1/approvals/:approval_id               +   +   +   +   +   +   +   +   +   +    own
POST   /api/v1/approvals/:approval_id/approve       +   +   +   +   +   +   +   +   +   +    -
POST   /api/v1/approvals/:approval_id/deny          +   +   +   +   +   +   +   +   +   +    -

WS     /api/v1/agents/activity/stream               +   -   +   +   -   -   -   -   +   +    own
WS     /ws                                          +   -   +   +   -   -   -   -   +   +    own
`;

/** The columns of the table, in full. */
export const ROLES = ['admin', 'developer', 'reviewer', 'security', 'database', 'frontend', 'backend'].concat(
  ['tester', 'analyst', 'coordinator'],
);

export interface AccessRow {
  /** `GET /api/v1/agents/:agent_id`, or `WS` for a socket. */
  readonly route: string;
  readonly isPublic: boolean;
  readonly roles: ReadonlySet<string>;
  readonly agent: 'any' | 'own' | 'never';
}

function toRow(line: string): AccessRow {
  const [method = '', path = '', ...cells] = line.split(/\s+/);
  const isPublic = cells[0] === 'public';
  if (!isPublic && (cells.length !== 11 || !/^[-+ ]+(any|own|-)$/.test(cells.join(' '))))
    throw new Error(`not a row of the table: ${line}`);
  return {
    route: `${method} ${path}`,
    isPublic,
    roles: new Set(ROLES.filter((_role, index) => isPublic || cells[index] === '+')),
    agent: isPublic ? 'any' : cells[10] === '-' ? 'never' : (cells[10] as 'any' | 'own'),
  };
}

export const ACCESS: readonly AccessRow[] = TABLE.split('\n')
  .slice(2)
  .filter((line) => line.trim() !== '')
  .map(toRow);
