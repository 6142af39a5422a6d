import { existsSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parseEnvironment } from '#config';
import { newId, type OperationContext } from '#kernel';
import { loadPolicy, policyFile } from '#rbac';
import { CliModule } from './cli.module.js';
import { terminalUser } from './terminal-user.js';

/** Who works at this terminal: whoever can open the store may do anything to it, and the log says who it was. */
function terminalContext(command: string): OperationContext {
  const principal = {
    id: `cli:${terminalUser()}`,
    kind: 'human' as const,
    role: 'admin',
    agentId: null,
  };
  return { traceId: newId(), principal, route: `cli ${command}` };
}

/**
 * Runs `work` on the store that the environment names, beside a running service if there is one.
 * @throws ConfigError for a bad environment.
 */
export async function withApplication<T>(
  command: string,
  work: (app: INestApplicationContext, ctx: OperationContext) => Promise<T>,
): Promise<T> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = parseEnvironment(process.env);
  const policy = loadPolicy(policyFile(config));
  const app = await NestFactory.createApplicationContext(CliModule.forRoot(config, policy), {
    logger: ['error', 'fatal'],
    abortOnError: false,
  });
  try {
    return await work(app, terminalContext(command));
  } finally {
    await app.close();
  }
}
