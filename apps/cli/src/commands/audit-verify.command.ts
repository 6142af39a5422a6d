import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import {
  LogVerifier,
  type Pace,
  parseHeldCheckpoints,
  parsePublicKey,
  toVerificationReportResponse,
  type VerificationReport,
} from '#audit';
import { ValidationFailed } from '#kernel';
import { progressBar } from '../progress-bar.js';
import { withApplication } from '../with-application.js';

export const BAD_USAGE = 2;
export const DAMAGED = 3;
/** Nobody else waits for this process. */
const ALONE: Pace = { page: 512, signatures: 1_000, readsAhead: true };

interface VerifyOptions {
  readonly checkpoint?: string;
  readonly publicKey?: readonly string[];
  readonly json: boolean;
}

function printReport({ size, checked, erased, agreed, findings, more }: VerificationReport): void {
  for (const { kind, auditId, detail } of findings) {
    console.log(`${kind.padEnd(11)}  ${detail}${auditId === null ? '' : `  ${auditId}`}`);
  }
  if (more > 0) console.log(`and ${more} more`);
  const counts = `${checked} entries checked of ${size}, ${erased} of them erased; checkpoints that agree: ${agreed.stored} stored, ${agreed.held} held`;
  console.log(
    findings.length + more === 0 ? `The log is intact: ${counts}` : `The log is damaged: ${counts}`,
  );
}

/** @throws ValidationFailed for what is no checkpoint or key; the system's error for a file that cannot be read. */
async function evidenceOf({ checkpoint, publicKey = [] }: VerifyOptions) {
  return {
    held: checkpoint === undefined ? [] : parseHeldCheckpoints(await readFile(checkpoint, 'utf8')),
    ...(publicKey.length === 0 ? {} : { publicKeys: publicKey.map(parsePublicKey) }),
  };
}

async function verify(options: VerifyOptions): Promise<void> {
  let evidence: Awaited<ReturnType<typeof evidenceOf>>;
  try {
    evidence = await evidenceOf(options);
  } catch (error) {
    if (!(error instanceof ValidationFailed) && !(error instanceof Error && 'syscall' in error)) throw error;
    console.error(error.message);
    process.exitCode = BAD_USAGE;
    return;
  }
  const bar = progressBar('verifying {bar} {value}/{total}', options.json);
  const report = await withApplication('audit verify', (app) =>
    app.get(LogVerifier).verify({
      ...evidence,
      pace: ALONE,
      onProgress: (checked, size) => bar.update(checked, size),
    }),
  ).finally(() => bar.stop());
  if (options.json) console.log(JSON.stringify(toVerificationReportResponse(report), null, 2));
  else printReport(report);
  if (report.findings.length + report.more > 0) process.exitCode = DAMAGED;
}

/** Keys that must have signed. */
export function publicKeys(): Option {
  return new Option(
    '--public-key <base64>',
    'the key that must have signed; may be given several times',
  ).argParser((key, others: readonly string[] | undefined) => [...(others ?? []), key]);
}

/** @param damaged what was found. */
export function exitCodes(damaged: string): string {
  return `\nExit code: 0 nothing was found, ${DAMAGED} ${damaged}, ${BAD_USAGE} bad options or files, 1 it could not be verified.`;
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'Recompute the log, beside a running service or from a copy, and compare it with all that is kept about it',
    )
    .option('--checkpoint <file>', 'signed checkpoints that were kept elsewhere, one or several')
    .addOption(publicKeys())
    .option('--json', 'print the report as JSON', false)
    .addHelpText('after', exitCodes('the log is damaged or contradicts a checkpoint'))
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : BAD_USAGE))
    .action(verify);
}
