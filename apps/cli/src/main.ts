import { Command } from 'commander';
import { ConfigError, SERVICE_NAME, SERVICE_VERSION } from '#config';
import { DomainError } from '#kernel';
import { auditCommand } from './commands/audit.command.js';
import { keysCommand } from './commands/keys.command.js';
import { rebuildRollupsCommand } from './commands/rebuild-rollups.command.js';
import { seedCommand } from './commands/seed.command.js';

/** A missing folder, a file that may not be read. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

const program = new Command(SERVICE_NAME)
  .description('Operate the store of Agent Reality Map; it may be in use by a running service')
  .version(SERVICE_VERSION)
  .addCommand(seedCommand())
  .addCommand(keysCommand())
  .addCommand(auditCommand())
  .addCommand(rebuildRollupsCommand());

try {
  await program.parseAsync();
} catch (error) {
  // What the operator can mend is told in a line; anything else with its trace.
  const expected = error instanceof ConfigError || error instanceof DomainError || isSystemError(error);
  if (expected) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
}
