import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Logger } from '@nestjs/common';
import { type Config, ConfigError, parseEnvironment, SERVICE_VERSION } from '#config';
import { PinoLogger } from './logging.js';
import { Service } from './service.js';

const DEADLINE_MS = 20_000;
/** How much garbage, in percent of what is in use, V8 lets gather before it is collected; by itself it takes several times that. */
const HEAP_SLACK_PERCENT = 30;

function readConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  try {
    return parseEnvironment(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function stopOnSignals(service: Service, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // A second signal means that the operator has no more patience.
    if (stopping) process.exit(1);
    stopping = true;
    logger.log(`${signal}: finishing what is in flight`);
    setTimeout(() => process.exit(1), DEADLINE_MS).unref();
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error(error, 'the service did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function reloadPolicyOnHangup(service: Service, logger: Logger): void {
  process.on('SIGHUP', () => void service.reloadPolicy(logger));
}

setFlagsFromString(`--heap-growing-percent=${HEAP_SLACK_PERCENT}`);
const config = readConfig();
const sink = PinoLogger.create(config);
Logger.overrideLogger(sink);
const logger = new Logger('main');
try {
  const service = await Service.start(config, sink);
  stopOnSignals(service, logger);
  reloadPolicyOnHangup(service, logger);
  logger.log(
    `agent-reality-map ${SERVICE_VERSION} serves http://${config.host}:${service.port}, documented at /docs`,
  );
  if (!config.rbacEnabled) {
    logger.warn(
      'RBAC is off: only this machine is served, every caller counts as admin, and nobody is restrained',
    );
  }
} catch (error) {
  logger.fatal(error, 'the service could not start');
  process.exit(1);
}
