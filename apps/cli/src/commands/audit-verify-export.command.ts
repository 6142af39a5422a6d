import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { type ExportReport, ExportVerifier, parsePublicKey } from '#audit';
import { ValidationFailed } from '#kernel';
import { progressBar } from '../progress-bar.js';
import { BAD_USAGE, DAMAGED, exitCodes, publicKeys } from './audit-verify.command.js';

/** Longer than any that the service writes. */
const LONGEST_LINE = 16 * 1024 * 1024;

interface VerifyExportOptions {
  readonly publicKey: readonly string[];
  readonly complete: boolean;
  readonly json: boolean;
}

function printReport({ origin, treeSize, entries, erased, leftOut, findings, more }: ExportReport): void {
  for (const { kind, line, seq, detail } of findings)
    console.log(`${kind.padEnd(10)}  line ${line}${seq === null ? '' : `, entry ${seq}`}  ${detail}`);
  if (more > 0) console.log(`and ${more} more`);
  const verdict =
    findings.length === 0 ? 'The export is what was signed' : 'The export is not what was signed';
  const counts = `${entries} of ${treeSize} entries, ${erased} of them without texts; ${leftOut} left out`;
  console.log(`${verdict}: ${counts}; log ${origin ?? 'unknown'}`);
}

async function verifyFile(file: string, verifier: ExportVerifier, quiet: boolean): Promise<ExportReport> {
  const bar = progressBar('verifying {bar} {percentage}%', quiet);
  const total = file === '-' ? 0 : (await stat(file)).size;
  const source = file === '-' ? process.stdin : createReadStream(file);
  source.setEncoding('utf8');
  let [parts, held, read]: [string[], number, number] = [[], 0, 0];
  try {
    for await (const chunk of source as AsyncIterable<string>) {
      const [first = '', ...others] = chunk.split('\n');
      parts.push(first);
      held += first.length;
      for (const line of others) {
        verifier.take(parts.join(''));
        [parts, held] = [[line], line.length];
      }
      if (held > LONGEST_LINE)
        throw new ValidationFailed([{ path: 'file', message: 'holds a line that is too long' }]);
      read += chunk.length;
      if (total > 0) bar.update(Math.min(read, total), total);
    }
    if (held > 0) verifier.take(parts.join(''));
  } finally {
    bar.stop();
  }
  return verifier.end();
}

async function verifyExport(file: string, { publicKey, complete, json }: VerifyExportOptions): Promise<void> {
  let report: ExportReport;
  try {
    report = await verifyFile(file, new ExportVerifier(publicKey.map(parsePublicKey), complete), json);
  } catch (error) {
    if (!(error instanceof ValidationFailed) && !(error instanceof Error && 'syscall' in error)) throw error;
    console.error(error.message);
    process.exitCode = BAD_USAGE;
    return;
  }
  if (json) console.log(JSON.stringify(toJson(report), null, 2));
  else printReport(report);
  if (report.findings.length > 0) process.exitCode = DAMAGED;
}

const toJson = ({ treeSize, leftOut, ...report }: ExportReport) => ({
  ...report,
  ...{ tree_size: treeSize, left_out: leftOut },
});

export function verifyExportCommand(): Command {
  return new Command('verify-export')
    .description(
      'Check an NDJSON export against the checkpoint at its end: offline, with nothing but the public key',
    )
    .argument('<file>', 'the export; `-` reads standard input')
    .addOption(publicKeys().makeOptionMandatory())
    .option('--complete', 'nothing may be left out', false)
    .option('--json', 'print the report as JSON', false)
    .addHelpText('after', exitCodes('the export is not what was signed'))
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : BAD_USAGE))
    .action(verifyExport);
}
