import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { PROJECT } from './build.js';
import type { TestStore } from './store.js';

/** What was started and has not ended; a test that fails half-way leaves it behind. */
const running = new Set<ChildProcess>();

/** Ends whatever the tests of this file have left running. */
export function killLeftovers(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** How a child ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the tests' own environment must not pass on. */
const FOREIGN =
  /^(NODE_OPTIONS|JEST_.*|TEST_.*|HOST|PORT|DATABASE_URL|RBAC_ENABLED|ADMIN_API_KEY|LOG_LEVEL)$/;

/** One of the built applications, as an operator runs it, its folder the store's. */
class Child {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly process: ChildProcess;

  constructor(app: 'api' | 'cli', args: readonly string[], store: TestStore, env: Record<string, string>) {
    const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
    this.process = spawn(process.execPath, [join(PROJECT, `dist/apps/${app}/src/main.js`), ...args], {
      cwd: store.folder,
      env: { ...Object.fromEntries(inherited), DATABASE_URL: store.url, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.process);
    this.process.once('close', () => running.delete(this.process));
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(this.process, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }
}

/** Runs the command line to its end. */
export function runCli(
  store: TestStore,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  return new Child('cli', args, store, env).ended;
}

/** Starts the service and waits for its end; for starts that must fail. */
export function runService(store: TestStore, env: Record<string, string>): Promise<Ended> {
  return new Child('api', [], store, env).ended;
}

/** The built service in a process of its own. */
export class ServiceProcess {
  private constructor(
    private readonly child: Child,
    readonly port: number,
  ) {}

  /** On a free port of 127.0.0.1, without seeding, unless `env` says otherwise. @throws Error when it ends instead. */
  static async start(store: TestStore, env: Record<string, string> = {}): Promise<ServiceProcess> {
    const child = new Child('api', [], store, {
      HOST: '127.0.0.1',
      PORT: '0',
      SEED_ON_START: 'false',
      ...env,
    });
    const port = await Promise.race([
      new Promise<number>((resolve) => {
        child.process.stdout?.on('data', () => {
          const [, found] = /serves http:\/\/\S+:(\d+),/.exec(child.stdout) ?? [];
          if (found !== undefined) resolve(Number(found));
        });
      }),
      child.ended.then((ended) => {
        throw new Error(`the service did not start: ${JSON.stringify(ended)}`);
      }),
    ]);
    return new ServiceProcess(child, port);
  }

  get stdout(): string {
    return this.child.stdout;
  }

  get ended(): Promise<Ended> {
    return this.child.ended;
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.process.kill(signal);
    return this.child.ended;
  }
}

/** What came back on a {@link Connection}. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read answers as clients do, without types
  readonly body: any;
}

/** A client that keeps one connection open and has one request on it at a time. */
export class Connection {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly port: number,
    private readonly host = '127.0.0.1',
  ) {}

  /** @throws Error of the socket, such as `ECONNREFUSED`. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Reply> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = httpRequest({
      agent: this.agent,
      host: this.host,
      port: this.port,
      method,
      path,
      headers:
        text === undefined
          ? more
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...more },
    });
    sent.end(text);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let answer = '';
    for await (const chunk of response.setEncoding('utf8')) answer += String(chunk);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(answer) : answer,
    };
  }

  close(): void {
    this.agent.destroy();
  }
}
