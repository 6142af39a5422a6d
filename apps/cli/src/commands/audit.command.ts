import { Command } from 'commander';
import { Checkpointer } from '#audit';
import { withApplication } from '../with-application.js';

export function auditCommand(): Command {
  return new Command('audit').description('See to the audit trail').addCommand(rotateKeyCommand());
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
