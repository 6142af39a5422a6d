// @ts-check
/** The built service as a child process with a fresh store, and a small client of it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeTempDir, removeTempDir, startProgram, stop } from './children.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** A store of an older version is migrated first. */
const READY_WITHIN_MS = 600_000;
const SEEDED_WITHIN_MS = 15_000;
const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 2000;
const CALL_TIMEOUT_MS = 10_000;
const LOG_TAIL_CHARS = 4000;

/** @typedef {Awaited<ReturnType<typeof startService>>} Service */

/** @returns {Promise<number>} a port that was free a moment ago */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/**
 * Starts the service and waits until it is healthy.
 * @param {string} entry the compiled main file, relative to the repository root
 * @param {{ database?: string }} [options] database: the SQLite file, which stays; one that goes with the service unless given
 * @throws {Error} with the end of its log if it ends, or is not healthy in time
 */
export async function startService(entry, { database } = {}) {
  const dir = await makeTempDir();
  const port = await freePort();
  const apiKey = randomBytes(32).toString('hex');
  const origin = `http://127.0.0.1:${port}`;
  const headers = { 'x-api-key': apiKey };
  const begun = performance.now();
  const child = startProgram(entry, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: `sqlite:${database ?? join(dir, 'bench.sqlite')}`,
      RBAC_ENABLED: 'true',
      ADMIN_API_KEY: apiKey,
      AUDIT_KEY_FILE: join(dir, 'audit-key.pem'),
      SINK_KEY_FILE: join(dir, 'sink-key'),
      SEED_ON_START: 'true',
      LOG_LEVEL: 'warn',
    },
  });
  let log = '';
  /** @param {Buffer} chunk */
  const keepTail = (chunk) => (log = (log + chunk).slice(-LOG_TAIL_CHARS));
  child.stdout?.on('data', keepTail);
  child.stderr?.on('data', keepTail);

  /**
   * @param {string} path
   * @param {unknown} [body] sent by POST as JSON
   * @returns {Promise<any>} the parsed answer
   */
  const call = async (path, body) => {
    const response = await fetch(origin + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  };

  const healthy = await until(READY_WITHIN_MS, async () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the service ended\n${log}`);
    const probe = fetch(`${origin}/health`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return (await probe.catch(() => null))?.status === 200;
  });
  if (!healthy) throw new Error(`the service was not healthy in ${READY_WITHIN_MS} ms\n${log}`);

  return {
    origin,
    headers,
    call,
    startMs: Math.round(performance.now() - begun),
    logTail: () => log,
    peakRssMb: () => memoryMb(child.pid, 'VmHWM'),
    rssMb: () => memoryMb(child.pid, 'VmRSS'),
    /** @returns {Promise<boolean>} true if it ended by itself on SIGTERM */
    stop: async () => {
      const byItself = await stop(child);
      await removeTempDir(dir);
      return byItself;
    },
  };
}

/**
 * Waits until the seed is in.
 * @param {Service} service
 * @returns {Promise<string[]>} ids of up to 100 agents, at least one
 */
export async function seededAgents(service) {
  /** @type {string[]} */
  let ids = [];
  await until(SEEDED_WITHIN_MS, async () => {
    const agents = await service.call('/api/v1/agents?limit=100');
    ids = agents.map((/** @type {{ agent_id: string }} */ agent) => agent.agent_id);
    return ids.length > 0;
  });
  if (ids.length === 0) throw new Error('the seed registered no agent');
  return ids;
}

/**
 * @param {number} withinMs
 * @param {() => Promise<boolean>} condition
 * @returns {Promise<boolean>} whether it became true in time
 */
export async function until(withinMs, condition) {
  const deadline = performance.now() + withinMs;
  do {
    if (await condition()) return true;
    await wait(POLL_MS);
  } while (performance.now() < deadline);
  return false;
}

/**
 * @param {number | undefined} pid
 * @param {'VmHWM' | 'VmRSS'} figure
 * @returns {Promise<number | null>} MB (10⁶ bytes); null where the system does not tell
 */
async function memoryMb(pid, figure) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = new RegExp(`^${figure}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kib === undefined ? null : Math.round((Number(kib) * 1024) / 1e5) / 10;
}
