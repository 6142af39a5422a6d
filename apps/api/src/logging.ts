import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '#config';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

const SECRETS = ['authorization', 'cookie', 'x-api-key', 'secret', 'password', 'token'].flatMap((name) => [
  `["${name}"]`,
  `*["${name}"]`,
  `*.*["${name}"]`,
]);

/** Loggers of Nest itself, which tell of every module and route at each start. */
const FRAMEWORK = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** An error without what drivers hang on it: statements and parameters hold what clients sent. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
  };
}

/** Nest's logger on pino: one JSON object a line, for people on a terminal only. */
export class PinoLogger implements LoggerService {
  private constructor(private readonly pino: Logger) {}

  static create(config: Pick<Config, 'logLevel'>): PinoLogger {
    const stream = process.stdout.isTTY ? pretty({ sync: true }) : pino.destination({ dest: 1, sync: true });
    // A log that cannot be written, on a full disk say, must not end the service.
    stream.on('error', () => undefined);
    const options = { level: config.logLevel, redact: SECRETS, serializers: { err: describe } };
    return new PinoLogger(pino(options, stream));
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest gives the message, then what the caller added, then the logger's name. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = rest.at(-1);
    const text = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
    if (message instanceof Error) this.pino[level]({ context, err: message }, text ?? message.message);
    else if (message !== null && typeof message === 'object')
      this.pino[level]({ context, ...message }, text ?? '');
    else this.pino[level]({ context, ...(text === undefined ? {} : { stack: text }) }, String(message));
  }
}
