import { Command, InvalidArgumentError } from 'commander';
import { AuditRetention, Checkpointer } from '#audit';
import { CONFIG, type Config } from '#config';
import { Clock } from '#kernel';
import { progressBar } from '../progress-bar.js';
import { withApplication } from '../with-application.js';
import { eraseCommand } from './audit-erase.command.js';
import { verifyCommand } from './audit-verify.command.js';
import { verifyExportCommand } from './audit-verify-export.command.js';

const DAY_MS = 86_400_000;
const MAX_DAYS = 36_500;

export function auditCommand(): Command {
  return new Command('audit')
    .description('See to the audit trail')
    .addCommand(verifyCommand())
    .addCommand(verifyExportCommand())
    .addCommand(retainCommand())
    .addCommand(eraseCommand())
    .addCommand(rotateKeyCommand());
}

function retainCommand(): Command {
  return new Command('retain')
    .description(
      'Remove what is older than it must be kept, as the service does daily; checkpoints stay provable',
    )
    .option('--days <days>', 'how many days are kept instead of AUDIT_RETENTION_DAYS', daysOf)
    .option('--dry-run', 'say what would go, and remove nothing')
    .action(async ({ days, dryRun = false }: { days?: number; dryRun?: boolean }) => {
      const bar = progressBar('removed {value} entries');
      const removal = await withApplication('audit retain', (app, ctx) => {
        const kept = days ?? app.get<Config>(CONFIG).auditRetentionDays;
        const time = app.get(Clock).now() - kept * DAY_MS;
        return app
          .get(AuditRetention)
          .removeBefore(ctx, time, { dryRun, onProgress: (gone) => bar.update(gone, gone) });
      }).finally(() => bar.stop());
      const { entries, fromSeq, toSeq, heldSegments } = removal;
      const range = fromSeq === null ? '' : `, from ${fromSeq} to ${toSeq}`;
      console.log(`${dryRun ? 'would remove' : 'removed'} ${entries} entries${range}`);
      if (heldSegments > 0) console.log(`${heldSegments} segments stay under a hold`);
    });
}

function daysOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > MAX_DAYS)
    throw new InvalidArgumentError(`a whole number, 1 to ${MAX_DAYS}`);
  return Number(text);
}

function rotateKeyCommand(): Command {
  return new Command('rotate-key')
    .description('Make a new key that signs checkpoints; the old one signs once more, beside it, and is gone')
    .action(async () => {
      const { checkpoint, from, to } = await withApplication('audit rotate-key', async (app, ctx) => {
        const checkpointer = app.get(Checkpointer);
        try {
          return await checkpointer.rotate(ctx);
        } finally {
          await checkpointer.published();
        }
      });
      console.error(`signed by ${to} from now on, and no more by ${from}`);
      process.stdout.write(checkpoint.note);
    });
}
