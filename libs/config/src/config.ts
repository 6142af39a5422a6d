import type { DatabaseUrl } from './database-url.js';

/** The whole configuration, parsed, checked and frozen. One environment variable a member. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly database: DatabaseUrl;
  readonly rbacEnabled: boolean;
  readonly adminApiKey: string | null;
  readonly corsOrigins: readonly string[];
  /** Host names that the door takes beside the loopback ones, lower case, without a port. */
  readonly allowedHosts: readonly string[];
  readonly auditReads: boolean;
  readonly auditRetentionDays: number;
  /** IANA name of the time zone whose midnight begins a budget day. */
  readonly budgetTimezone: string;
  readonly seedOnStart: boolean;
  /** Whether the hot calls are answered in front of the router. */
  readonly fastPath: boolean;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Bytes. */
  readonly bodyLimit: number;
}

/** Injection token of the {@link Config}. */
export const CONFIG = Symbol('CONFIG');
