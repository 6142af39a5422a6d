import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { StreamHub, StreamWsAdapter } from '#activity';
import { AgentImportService, AgentsController } from '#agents';
import { ApprovalWaits } from '#approvals';
import { AuditController, ExportsService } from '#audit';
import { BudgetController } from '#budget';
import type { Config } from '#config';
import { traceIdOf } from '#contract';
import { ChecksController, PolicyService } from '#decisions';
import { AgentDirectory, systemContext } from '#kernel';
import { MetricsController, MetricStatisticsController } from '#metrics';
import { Authenticator, Door, loadPolicy, policyFile } from '#rbac';
import { AppModule } from './app.module.js';
import { API_PREFIX, OUTSIDE_PREFIX } from './http/api-prefix.js';
import { answerClientErrors } from './http/client-errors.js';
import { ConnectionDrain } from './http/connection-drain.js';
import { ErrorAnswers } from './http/error-answers.js';
import { FastPath } from './http/fast-path.js';
import { Health } from './http/health.js';
import { hotCall, hotLookup, hotReads } from './http/hot-call.js';
import { listen } from './http/listen.js';
import { serveOpenApi } from './http/openapi.js';
import { toDomainError, toProblem } from './http/problem-details.js';
import { requestContext } from './http/request-context.middleware.js';
import { BARE_SECURITY_HEADERS, crossOrigin, headersOf, securityHeaders } from './http/security-headers.js';
import { answerUnrouted } from './http/unrouted.js';

/** How long requests in flight and sockets may take to end. */
const DRAIN_MS = 10_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than proxies and clients keep an idle connection, so that none sends into one that is being closed. */
const KEEP_ALIVE_MS = 75_000;

/** The running service: everything between a configuration and an open port. */
export class Service {
  private constructor(
    readonly app: NestExpressApplication,
    private readonly servers: readonly NetServer[],
    private readonly connections: ConnectionDrain,
  ) {}

  /** Opens the store, migrates it, seeds an empty registry, and only then listens. */
  static async start(config: Config, logger: LoggerService): Promise<Service> {
    const policy = loadPolicy(policyFile(config));
    const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, policy), {
      logger,
      bodyParser: false,
      abortOnError: false,
    });
    try {
      configure(app, config);
      await app.init();
      // After the routes of the API, which need not pass those of the documentation then.
      serveOpenApi(app);
      app.use(answerUnrouted);
      if (config.seedOnStart) await app.get(AgentImportService).seedIfEmpty(systemContext('seed on start'));
      const server: Server = app.getHttpServer();
      server.headersTimeout = HEADERS_TIMEOUT_MS;
      server.requestTimeout = REQUEST_TIMEOUT_MS;
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      answerClientErrors(server);
      if (config.fastPath) takeFastPath(app, server, config);
      const connections = new ConnectionDrain(server);
      return new Service(app, await listen(server, config), connections);
    } catch (error) {
      await app.close().catch(() => undefined);
      throw error;
    }
  }

  /** Reads the policy file again; a bad one is told and changes nothing. */
  async reloadPolicy(logger: LoggerService): Promise<void> {
    try {
      const { version } = await this.app.get(PolicyService).reload(systemContext('SIGHUP'));
      logger.log(`the policy ${version} is in force`, 'policy');
    } catch (error) {
      logger.error(error instanceof Error ? error.message : error, 'policy');
    }
  }

  get port(): number {
    return (this.servers[0]?.address() as AddressInfo).port;
  }

  /** Finishes what is in flight, tells sockets to come back, moves the write-ahead log into the store, closes it. */
  async stop(): Promise<void> {
    this.app.get(Health).startDraining();
    // Whoever waits for an approval, or reads an export, would hold a connection.
    this.app.get(ApprovalWaits).endAll();
    this.app.get(ExportsService).endAll();
    const drained = this.connections.drain(this.servers, DRAIN_MS);
    await this.app.get(StreamHub).closeAll(1001, 'the service is shutting down; reconnect and resume');
    await drained;
    await this.app.close();
  }
}

/** Before Nest's routes, for every request on every path: context, headers, door, CORS. */
function configure(app: NestExpressApplication, config: Config): void {
  const door = app.get(Door);
  app.disable('x-powered-by');
  app.disable('etag');
  app.setGlobalPrefix(API_PREFIX, { exclude: [...OUTSIDE_PREFIX] });
  app.use(requestContext);
  app.use(securityHeaders());
  app.use((request: Request, _response: Response, next: NextFunction) => {
    door.admit(request);
    next();
  });
  app.use(crossOrigin(config));
  app.useWebSocketAdapter(new StreamWsAdapter(app, (error, request) => toUpgradeAnswer(error, request)));
}

/** Puts the fast path in front of Express, on the same server. */
function takeFastPath(app: NestExpressApplication, server: Server, config: Config): void {
  const calls = [
    hotCall(app, AuditController, 'ingest'),
    hotCall(app, MetricsController, 'record'),
    hotCall(app, BudgetController, 'deduct'),
    hotCall(app, ChecksController, 'check'),
  ];
  const agents = app.get(AgentDirectory);
  const isAgent = (reference: string): boolean => agents.resolve(reference) !== null;
  const reads = [
    hotLookup(app, AgentsController, 'get', isAgent),
    hotLookup(app, MetricsController, 'summary', isAgent),
    ...hotReads(app, AgentsController, 'list'),
    ...hotReads(app, AuditController, 'list'),
    ...hotReads(app, AuditController, 'stats'),
    ...hotReads(app, MetricStatisticsController, 'aggregate'),
    ...hotReads(app, MetricStatisticsController, 'timeseries'),
    ...hotReads(app, MetricStatisticsController, 'leaderboard'),
  ];
  const entrance = {
    door: app.get(Door),
    authenticator: app.get(Authenticator),
    errors: app.get(ErrorAnswers),
    bodyLimit: config.bodyLimit,
    headers: headersOf([securityHeaders(), crossOrigin(config)]),
  };
  const [routed, ...others] = server.listeners('request') as RequestListener[];
  if (!routed || others.length > 0) throw new Error('Express is not the one listener for requests');
  server.removeListener('request', routed);
  // Reads that are to be recorded go the routed way, which does that.
  server.on('request', new FastPath(calls, config.auditReads ? [] : reads, entrance, routed).listener);
}

/** A refused upgrade, as the raw socket needs it. */
function toUpgradeAnswer(error: unknown, request: IncomingMessage) {
  const { status, headers, body } = toProblem(
    toDomainError(error),
    request.url ?? '',
    traceIdOf(request.headers['x-request-id']),
  );
  const own = { ...BARE_SECURITY_HEADERS, 'X-Request-Id': body.trace_id };
  return { status, headers: { ...headers, ...own }, body: JSON.stringify(body) };
}
