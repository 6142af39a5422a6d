import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '#config';
import { BUILT_IN_REDACTION } from '#kernel';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Loggers of Nest itself, which tell of every module and route at each start. */
const FRAMEWORK = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Log lines are masked whatever the policy says of what is stored. */
const clean = (text: string): string => BUILT_IN_REDACTION.text(text);

/** An error without what drivers hang on it: statements and parameters hold what clients sent. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: clean(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack === undefined ? undefined : clean(error.stack),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
  };
}

/** The members of a line, errors as they are told. */
function withoutSecrets(line: Record<string, unknown>): Record<string, unknown> {
  const told = Object.entries(line).map(([name, value]) => [name, describe(value)]);
  return BUILT_IN_REDACTION.value(Object.fromEntries(told)) as Record<string, unknown>;
}

function standardOutput(): NodeJS.EventEmitter & DestinationStream {
  return process.stdout.isTTY ? pretty({ sync: true }) : pino.destination({ dest: 1, sync: true });
}

/** Nest's logger on pino: one JSON object a line, for people on a terminal only. */
export class PinoLogger implements LoggerService {
  private constructor(private readonly pino: Logger) {}

  static create(config: Pick<Config, 'logLevel'>, stream = standardOutput()): PinoLogger {
    // A log that cannot be written, on a full disk say, must not end the service.
    stream.on('error', () => undefined);
    const options = {
      level: config.logLevel,
      formatters: { log: withoutSecrets },
      serializers: { err: describe },
    };
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
    if (message instanceof Error) this.pino[level]({ context, err: message }, clean(text ?? message.message));
    else if (message !== null && typeof message === 'object')
      this.pino[level]({ context, ...message }, clean(text ?? ''));
    else
      this.pino[level]({ context, ...(text === undefined ? {} : { stack: text }) }, clean(String(message)));
  }
}
