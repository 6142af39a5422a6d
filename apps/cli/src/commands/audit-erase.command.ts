import { Command, InvalidArgumentError } from 'commander';
import { Overwriting, TextErasure, UNREACHABLE } from '#audit';
import { withApplication } from '../with-application.js';

const MAX_REASON_CHARS = 1_000;

export function eraseCommand(): Command {
  return new Command('erase')
    .description('Erase the texts of an entry with their copies in the store; its proofs stay valid')
    .argument('<audit-id>', 'the entry')
    .requiredOption('--reason <text>', 'why; kept in the entry of the erasure', reasonOf)
    .action(async (auditId: string, { reason }: { reason: string }) => {
      const { erasure, overwritten } = await withApplication('audit erase', async (app, ctx) => ({
        erasure: await app.get(TextErasure).erase(ctx, auditId, reason),
        overwritten: await app.get(Overwriting).run(),
      }));
      const { seq, copies, recordId } = erasure;
      console.log(`erased the texts of entry ${seq}; entry ${recordId} says so`);
      for (const { what, rows } of copies) if (rows > 0) console.log(`  ${what}: ${rows}`);
      if (!overwritten)
        console.log('the write-ahead log is busy and may hold them until the service has emptied it');
      console.log('not reached:');
      for (const { what, description } of UNREACHABLE) console.log(`  ${what}: ${description}`);
    });
}

function reasonOf(text: string): string {
  if (text.trim() === '' || text.length > MAX_REASON_CHARS)
    throw new InvalidArgumentError(`a text of up to ${MAX_REASON_CHARS} characters`);
  return text;
}
