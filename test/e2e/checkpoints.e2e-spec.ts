import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { isConsistent, rootByInclusion } from '../support/merkle-proofs.js';
import { readCheckpoint } from '../support/notes.js';
import { openRaw } from '../support/opened-store.js';
import { TestService } from '../support/service.js';
import { newTestStore, TEST_DIALECT, type TestStore } from '../support/store.js';

const sha256 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

async function ingest(service: TestService, detail: string): Promise<string> {
  const event = { agent_id: 'a', operation_type: 'tool_use', operation_detail: detail };
  return (await service.request('POST', '/events/ingest', event)).body.audit_id as string;
}

async function publicKeyOf(service: TestService): Promise<string> {
  return (await service.request('GET', '/audit/public-key')).body.public_key as string;
}

const issue = async (service: TestService): Promise<string> =>
  (await service.request('POST', '/audit/checkpoint')).body as string;

describe('checkpoints and proofs', () => {
  let service: TestService;
  const ids: string[] = [];
  const notes: string[] = [];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true', CHECKPOINT_INTERVAL: '24h' });
  });
  afterAll(() => service.remove());

  it('there is none before anything happened', async () => {
    const { status, body } = await service.request('GET', '/audit/checkpoint');
    expect([status, body.code]).toEqual([404, 'CHECKPOINT_NOT_FOUND']);
  });

  it('state what the log holds, signed by the published key', async () => {
    for (let n = 0; n < 7; n += 1) {
      ids.push(await ingest(service, `entry ${n}`));
      const { status, headers, body } = await service.request('POST', '/audit/checkpoint');
      expect([status, headers.get('content-type')]).toEqual([201, 'text/plain; charset=utf-8']);
      notes.push(body as string);
    }
    const { body: key } = await service.request('GET', '/audit/public-key');
    expect(key).toEqual({
      ...{ algorithm: 'ed25519', origin: key.origin, key_name: key.origin },
      key_hash: sha256(`${key.origin}\n`, Buffer.of(1), bytes(key.public_key as string))
        .subarray(0, 4)
        .toString('base64'),
      public_key: expect.stringMatching(/^[\w+/]{43}=$/),
      used: [{ key_hash: key.key_hash, public_key: key.public_key, first_used_at: expect.any(String) }],
    });
    const read = notes.map((note) => readCheckpoint(note, key.public_key as string));
    expect(read.map(({ signedBy }) => signedBy)).toEqual(notes.map(() => [true]));
    expect(read.map(({ size }) => size)).toEqual(ids.map((_id, n) => n + 1));
    expect(new Set(read.map(({ origin }) => origin))).toEqual(new Set([key.origin]));
    const newest = await service.request('GET', '/audit/checkpoint');
    expect([newest.status, newest.body]).toEqual([200, notes.at(-1)]);
  });

  it('are listed newest first, page by page', async () => {
    const first = await service.request('GET', '/audit/checkpoints?limit=3');
    expect(first.body.map(({ note }: { note: string }) => note)).toEqual(notes.slice(-3).reverse());
    const [, next] = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
    const second = await service.request('GET', `/${next}`);
    expect(second.body.map(({ size }: { size: number }) => size)).toEqual([4, 3, 2]);
    const { root } = readCheckpoint(notes[3] as string);
    expect(second.body[0]).toMatchObject({ number: 4, root: root.toString('base64') });
  });

  it('prove that each entry is in every tree that holds it', async () => {
    for (const [index, id] of ids.entries())
      for (let size = index + 1; size <= ids.length; size += 1) {
        const { body } = await service.request('GET', `/audit/proof/inclusion?audit_id=${id}&size=${size}`);
        expect(body).toMatchObject({ audit_id: id, leaf_index: index, tree_size: size });
        const hashes = (body.hashes as string[]).map(bytes);
        const root = rootByInclusion(bytes(body.leaf_hash as string), index, size, hashes);
        expect(root).toEqual(readCheckpoint(notes[size - 1] as string).root);
        expect(bytes(body.root as string)).toEqual(root);
      }
  });

  it('prove that each tree begins every larger one', async () => {
    const heads = notes.map((note) => readCheckpoint(note));
    for (const first of heads)
      for (const second of heads.slice(first.size - 1)) {
        const path = `/audit/proof/consistency?from=${first.size}&to=${second.size}`;
        const { body } = await service.request('GET', path);
        expect(isConsistent(first, second, (body.hashes as string[]).map(bytes))).toBe(true);
        expect([bytes(body.from_root as string), bytes(body.to_root as string)]).toEqual([
          first.root,
          second.root,
        ]);
      }
  });

  it('show the exact bytes that a leaf is made from', async () => {
    const { body } = await service.request('GET', `/audit/entries/${ids[2]}`);
    const leaf = bytes(body.leaf as string);
    expect(sha256(Buffer.of(0), leaf).toString('base64')).toBe(body.leaf_hash);
    const members = JSON.parse(leaf.toString()) as Record<string, unknown>;
    expect(members).toMatchObject({ audit_id: ids[2], seq: 3, operation_type: 'tool_use' });
    const text = sha256(Buffer.of(2), bytes(body.text.salt as string), body.text.body as string);
    expect(text.toString('base64')).toBe(members['text_hash']);
    expect(JSON.parse(body.text.body as string)).toEqual({ detail: 'entry 2' });
    expect(body.entry).toMatchObject({ audit_id: ids[2], seq: 3 });
    const hashes = (body.proof.hashes as string[]).map(bytes);
    expect(rootByInclusion(bytes(body.leaf_hash as string), 2, 7, hashes)).toEqual(
      readCheckpoint(notes[6] as string).root,
    );
  });

  it('say plainly what cannot be proved', async () => {
    const late = await ingest(service, 'not signed yet');
    const codeOf = async (path: string): Promise<unknown[]> => {
      const { status, body } = await service.request('GET', path);
      return [status, body.code];
    };
    expect(await codeOf(`/audit/proof/inclusion?audit_id=${late}`)).toEqual([404, 'CHECKPOINT_NOT_FOUND']);
    expect((await service.request('GET', `/audit/entries/${late}`)).body.proof).toBeNull();
    expect((await service.request('GET', `/audit/proof/inclusion?audit_id=${late}&size=8`)).status).toBe(200);
    const invalid = [422, 'VALIDATION_FAILED'];
    for (const query of ['audit_id=x&size=9', `audit_id=${late}&size=9`, `audit_id=${late}&size=7`, 'size=1'])
      expect(await codeOf(`/audit/proof/inclusion?${query}`)).toEqual(
        query.startsWith('audit_id=x') ? [404, 'ENTRY_NOT_FOUND'] : invalid,
      );
    for (const query of [
      'from=1&to=9',
      'from=3&to=2',
      'from=0&to=2',
      'from=1',
      'from=1&to=2.5',
      'from=1&to=x',
    ])
      expect(await codeOf(`/audit/proof/consistency?${query}`)).toEqual(invalid);
    expect(await codeOf('/audit/entries/nothing')).toEqual([404, 'ENTRY_NOT_FOUND']);
  });

  it('are made once under an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'sign-once' };
    const first = await service.request('POST', '/audit/checkpoint', undefined, { headers });
    await ingest(service, 'meanwhile');
    const again = await service.request('POST', '/audit/checkpoint', undefined, { headers });
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect((await service.request('GET', '/audit/checkpoint')).body).toBe(first.body);
  });

  it('asked for at once are one after another, and none is smaller than the one before', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? issue(service) : ingest(service, `at once ${n}`))),
    );
    const { body } = await service.request('GET', '/audit/checkpoints?limit=100');
    const sizes = (body as { size: number }[]).map(({ size }) => size).reverse();
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });
});

describe('a checkpoint of a log that changed', () => {
  it('is not signed', async () => {
    const service = await TestService.start({ CHECKPOINT_INTERVAL: '24h' });
    for (let n = 0; n < 5; n += 1) await ingest(service, `entry ${n}`);
    await issue(service);
    const raw = await openRaw(service.store);
    const drop =
      TEST_DIALECT === 'postgres' ? 'agent_audit_log_change ON agent_audit_log' : 'agent_audit_log_update';
    await raw.query(`DROP TRIGGER ${drop}`);
    await raw.query(`UPDATE agent_audit_log SET leaf_hash = (SELECT leaf_hash FROM agent_audit_log WHERE seq = 1)
      WHERE seq = 2`);
    await raw.destroy();
    await ingest(service, 'news');
    const { status, body } = await service.request('POST', '/audit/checkpoint');
    expect([status, body.code]).toEqual([409, 'LOG_CHANGED']);
    expect(body.detail).toContain('5 entries');
    await service.remove();
  });
});

describe('checkpoints outside', () => {
  let store: TestStore;
  let service: TestService;
  let server: Server | undefined;
  afterEach(async () => {
    await service.stop();
    await store.remove();
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });
  const sizesIn = (file: string, publicKey: string): number[] =>
    (existsSync(file) ? readFileSync(file, 'utf8') : '')
      .split(/(?<=\n— [^\n]+\n)\n/)
      .filter((note) => note !== '')
      .map((note) => readCheckpoint(note, publicKey))
      .map(({ size, signedBy }) => (signedBy[0] ? size : NaN));

  it('come by themselves when there is news, and at the end', async () => {
    store = newTestStore();
    const file = join(store.folder, 'checkpoints');
    service = await TestService.start({ CHECKPOINT_INTERVAL: '1s', CHECKPOINT_FILE: file }, store);
    const publicKey = await publicKeyOf(service);
    await ingest(service, 'one');
    await eventually('a checkpoint', () => sizesIn(file, publicKey).length === 1);
    await ingest(service, 'two');
    await eventually('another', () => sizesIn(file, publicKey).length === 2);
    expect(sizesIn(file, publicKey)).toEqual([1, 2]);
    await ingest(service, 'three');
    await service.stop();
    const sizes = sizesIn(file, publicKey);
    expect(sizes.at(-1)).toBe(3);
    service = await TestService.start({ CHECKPOINT_INTERVAL: '24h', CHECKPOINT_FILE: file }, store);
    await issue(service);
    expect(await publicKeyOf(service)).toBe(publicKey);
  });

  it('are posted until they are taken, and hold up nothing', async () => {
    const taken: string[] = [];
    let asked = 0;
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        asked += 1;
        if (asked > 1) taken.push(text);
        response.writeHead(asked > 1 ? 204 : 503).end();
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    store = newTestStore();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/add`;
    service = await TestService.start({ CHECKPOINT_INTERVAL: '24h', CHECKPOINT_URL: url }, store);
    await ingest(service, 'one');
    const note = await issue(service);
    await eventually('a second try', () => taken.length > 0);
    expect(taken).toEqual([note]);
    expect(asked).toBe(2);
  });

  it('show that an older copy was put back: then another log begins, and says which', async () => {
    store = newTestStore();
    const file = join(store.folder, 'checkpoints');
    const env = { CHECKPOINT_INTERVAL: '24h', CHECKPOINT_FILE: file };
    service = await TestService.start(env, store);
    await ingest(service, 'kept');
    const raw = await openRaw(store);
    const [copy] = await raw.query<[{ size: number; frontier: string }]>(
      'SELECT size, frontier FROM agent_audit_head',
    );
    await ingest(service, 'lost');
    const held = await issue(service);
    await service.stop();
    // What a copy from before would hold.
    const triggers = {
      sqlite: ['agent_audit_log_delete', 'audit_checkpoints_delete'],
      postgres: [
        'agent_audit_log_change ON agent_audit_log',
        'audit_checkpoints_change ON audit_checkpoints',
      ],
    }[TEST_DIALECT];
    for (const trigger of triggers) await raw.query(`DROP TRIGGER ${trigger}`);
    await raw.query(`DELETE FROM agent_audit_log WHERE seq > ${copy.size}`);
    await raw.query('DELETE FROM audit_checkpoints');
    await raw.query(`UPDATE agent_audit_head SET size = ${copy.size}, frontier = '${copy.frontier}'`);
    await raw.destroy();

    service = await TestService.start(env, store);
    const [entry] = (await service.request('GET', '/events/audit?operation_type=audit.log_begin')).body as [
      { seq: number; context: unknown },
    ];
    expect(entry).toMatchObject({ seq: copy.size + 1, context: { checkpoint_not_held: held } });
    const [before, after] = [held, await issue(service)].map((note) => readCheckpoint(note));
    expect(after?.origin).not.toBe(before?.origin);
    await service.stop();
    service = await TestService.start(env, store);
    const again = await service.request('GET', '/events/audit?operation_type=audit.log_begin');
    expect(again.body).toHaveLength(1);
  });
});
