import { join } from 'node:path';
import type { LoggerService } from '@nestjs/common';
import { parseEnvironment } from '#config';
import { Service } from '../../apps/api/src/service.js';
import { quietPolicyFile } from './quiet-policy.js';
import { newTestStore, type TestStore } from './store.js';

const SILENT: LoggerService = { log: () => undefined, error: () => undefined, warn: () => undefined };

export const ADMIN_KEY = 'test-admin-key-0123456789-0123456789';

/** What a client sees of an answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read answers as clients do, without types
  readonly body: any;
}

export interface RequestOptions {
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

/** The started service on a port and a store of its own, and a client for it. */
export class TestService {
  private constructor(
    readonly service: Service,
    readonly store: TestStore,
    /** Sent with every request unless told otherwise. */
    private readonly key: string | undefined,
  ) {}

  /**
   * @param env on top of: a free port on 127.0.0.1, no seeding, RBAC off, no bound on failed logins, no alerts. With `RBAC_ENABLED: 'true'` the admin's
   * key is `ADMIN_KEY`, and requests carry it unless they name another.
   * @param store an existing store, for a second start.
   */
  static async start(
    env: Record<string, string> = {},
    store: TestStore = newTestStore(),
  ): Promise<TestService> {
    const rbac = env['RBAC_ENABLED'] === 'true';
    const config = parseEnvironment({
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: store.url,
      SEED_ON_START: 'false',
      LOGIN_FAILURES_PER_MINUTE: '1000000',
      AUDIT_KEY_FILE: join(store.folder, 'audit-key.pem'),
      SINK_KEY_FILE: join(store.folder, 'sink-key'),
      POLICY_FILE: quietPolicyFile(store),
      ...(rbac ? { ADMIN_API_KEY: ADMIN_KEY } : {}),
      ...env,
    });
    const service = await Service.start(config, process.env['TEST_LOG'] ? console : SILENT);
    return new TestService(service, store, rbac ? ADMIN_KEY : undefined);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.service.port}`;
  }

  get<T>(type: abstract new (...args: never[]) => T): T {
    return this.service.app.get<T>(type);
  }

  /** Sends JSON, or a text as it is; paths that do not start with `/api`, `/health`, … are under `/api/v1`. */
  async request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const key = 'key' in options ? options.key : this.key;
    const response = await fetch(this.origin + (path.startsWith('//') ? path.slice(1) : `/api/v1${path}`), {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined || key === '' ? {} : { 'x-api-key': key }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    // An answer without an end is taken for its head.
    const isEndless = response.headers.get('content-type') === 'text/event-stream';
    if (isEndless) await response.body?.cancel();
    const text = isEndless ? '' : await response.text();
    const json = text !== '' && /[/+]json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  }

  /** Stops the service and keeps the store. */
  stop(): Promise<void> {
    return this.service.stop();
  }

  /** Stops the service and removes the store. */
  async remove(): Promise<void> {
    await this.stop();
    await this.store.remove();
  }
}

/** The smallest body that registers an agent. */
export function anAgent(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'coder',
    role: 'developer',
    capabilities: ['code'],
    metadata_category: 'foundry',
    ...changes,
  };
}
