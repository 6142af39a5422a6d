import type { DatabaseUrl } from './database-url.js';

/** The whole configuration, parsed, checked and frozen. One environment variable a member. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseUrl;
  readonly rbacEnabled: boolean;
  readonly adminApiKey: string | null;
  /** How many logins from one address may fail before it has to wait. */
  readonly loginFailuresPerMinute: number;
  /** How many writes may wait; those beyond are answered 503. */
  readonly writeQueueMax: number;
  /** How many days single metrics are kept; afterwards their hours and days remain. */
  readonly metricsRawRetentionDays: number;
  /** The OpenID provider whose tokens are taken beside keys; null for none. */
  readonly oidc: OidcConfig | null;
  readonly corsOrigins: readonly string[];
  /** Host names that the door takes beside the loopback ones, lower case, without a port. */
  readonly allowedHosts: readonly string[];
  readonly auditReads: boolean;
  readonly auditRetentionDays: number;
  /** Holds the private key that signs checkpoints; made at the first start. */
  readonly auditKeyFile: string;
  /** How often the log is looked at for news to sign, ms. */
  readonly checkpointIntervalMs: number;
  /** What every checkpoint is appended to; null for none. */
  readonly checkpointFile: string | null;
  /** Where every checkpoint is posted to; null for nowhere. */
  readonly checkpointUrl: string | null;
  /** Holds the key that the secrets of webhooks are made with; made with the first webhook. */
  readonly sinkKeyFile: string;
  /** For how long a batch is tried before it becomes a dead letter, ms. */
  readonly sinkRetryForMs: number;
  /** IANA name of the time zone whose midnight begins a budget day. */
  readonly budgetTimezone: string;
  readonly seedOnStart: boolean;
  /** What becomes of checks for agents that are not registered. */
  readonly unknownAgents: 'decide' | 'deny';
  /** How long an approval waits, ms. */
  readonly approvalTtlMs: number;
  /** After how long without a sign of life an agent is idle, ms. */
  readonly agentIdleAfterMs: number;
  /** Null for the policy that comes with the package. */
  readonly policyFile: string | null;
  /** Whether the hot calls are answered in front of the router. */
  readonly fastPath: boolean;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Bytes. */
  readonly bodyLimit: number;
}

export interface OidcConfig {
  /** As tokens state it in `iss`; its discovery document lies below. */
  readonly issuer: string;
  /** What tokens for this service have in `aud`. */
  readonly audience: string;
  /** The claim that gives the role. */
  readonly roleClaim: string;
}

/** Injection token of the {@link Config}. */
export const CONFIG = Symbol('CONFIG');
