import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aKey, register } from './access-calls.js';
import { QUIET_POLICY } from './quiet-policy.js';
import { type HeaderLines, type RawAnswer, type RawRequest, send } from './raw-http.js';
import { ADMIN_KEY, TestService } from './service.js';
import { newTestStore } from './store.js';

/** A request to be sent both ways. */
export type Case = readonly [what: string, request: RawRequest];

export const JSON_TYPE: HeaderLines = [['Content-Type', 'application/json']];
export const as = (key: string): HeaderLines => [['X-API-Key', key]];
export const KNOWN: HeaderLines = [...as(ADMIN_KEY), ...JSON_TYPE];

/** In which keys of the role `tester` may not make the calls of hooks. */
const POLICY = QUIET_POLICY.replace(
  /^ {2}(events:write|metrics:write|budget:charge|decisions:check): everyone$/gm,
  '  $1: [admin, developer]',
);

/**
 * Two services with the same agents and keys, one with the fast path and one without. In the headers of a request `{agent}`
 * stands for the key of the agent `bound`, `{barred}` for one whose role may not make the calls of hooks.
 */
export class BothPaths {
  private constructor(
    readonly fast: TestService,
    readonly routed: TestService,
    private readonly keys: ReadonlyMap<TestService, ReadonlyMap<string, string>>,
  ) {}

  static async start(rbac: string): Promise<BothPaths> {
    const [fast, routed] = await Promise.all([startOne(rbac, 'true'), startOne(rbac, 'false')]);
    const keys = new Map<TestService, ReadonlyMap<string, string>>();
    for (const service of [fast, routed]) {
      await register(service, 'coder');
      await register(service, 'asker');
      await register(service, 'careful', { rbac_requires_approval: true });
      const bound = await aKey(service, 'developer', await register(service, 'bound'));
      const barred = await aKey(service, 'tester');
      keys.set(
        service,
        new Map([
          ['{agent}', bound.secret],
          ['{barred}', barred.secret],
        ]),
      );
    }
    return new BothPaths(fast, routed, keys);
  }

  get services(): readonly [TestService, TestService] {
    return [this.fast, this.routed];
  }

  ask(service: TestService, { headers = [], ...request }: RawRequest): Promise<RawAnswer> {
    const own: HeaderLines = headers.some(([name]) => name === 'Host') ? [] : [['Host', 'localhost']];
    const keys = this.keys.get(service);
    const lines = headers.map(([name, value]) => [name, keys?.get(value) ?? value] as const);
    return send(service.service.port, { method: 'POST', ...request, headers: [...own, ...lines] });
  }

  /** What the fast path answers, and then the routed one, with what may differ made alike. */
  async answers(request: RawRequest): Promise<[fast: unknown, routed: unknown]> {
    const routed = normalised(await this.ask(this.routed, request));
    return [normalised(await this.ask(this.fast, request)), routed];
  }

  /** The same of the entries of either log, newest first, side by side. */
  async entries(): Promise<(readonly [fast: unknown, routed: unknown])[]> {
    const [fast, routed] = [await logOf(this.fast), await logOf(this.routed)];
    const longer = fast.length < routed.length ? routed : fast;
    return longer.map((_, index) => [fast[index], routed[index]] as const);
  }

  async remove(): Promise<void> {
    await Promise.all([this.fast.remove(), this.routed.remove()]);
  }
}

function startOne(rbac: string, fastPath: string): Promise<TestService> {
  const store = newTestStore();
  const file = join(store.folder, 'policy.yaml');
  writeFileSync(file, POLICY);
  const env = { RBAC_ENABLED: rbac, BODY_LIMIT: '200kb', POLICY_FILE: file, FAST_PATH: fastPath };
  return TestService.start(env, store);
}

/** What differs from one request to the next, and what from one service to the other, made alike. */
const alike = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/"expires_at":\d{13}/g, '"expires_at":"<time>"');

function normalised({ status, headers, text }: RawAnswer): unknown {
  const { 'x-request-id': id, 'content-length': length, etag, ...rest } = headers;
  return {
    status,
    headers: { ...rest, date: '' },
    id: id === 'mine-1' ? id : typeof id,
    etag: typeof etag,
    text: alike(text),
    lengthGiven: length !== undefined,
  };
}

async function logOf(service: TestService): Promise<unknown[]> {
  const entries: unknown[] = [];
  for (let skip = 0; ; skip += 100) {
    const { body } = await service.request('GET', `/events/audit?limit=100&skip=${skip}`);
    entries.push(...body);
    if (body.length < 100) break;
  }
  // Hashes of requests are made with a key of the store's: which of them are the same is what can be compared.
  const hashes = new Map<string, string>();
  const text = alike(JSON.stringify(entries)).replace(/"request_hash":"[0-9a-f]{64}"/g, (hash) => {
    const known = hashes.get(hash) ?? `"request_hash":"${hashes.size}"`;
    hashes.set(hash, known);
    return known;
  });
  return JSON.parse(text) as unknown[];
}
