import { resolve } from 'node:path';
import { Command } from 'commander';
import { AgentImportService, DEFAULT_FOLDER, type ImportReport } from '#agents';
import { progressBar } from '../progress-bar.js';
import { withApplication } from '../with-application.js';

interface SeedOptions {
  readonly from: string;
  readonly strict: boolean;
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly trust: boolean;
  readonly json: boolean;
}

/** 0: all files were read. 3: some were refused. 1: none could be loaded. */
function exitCode({ added, updated, unchanged, refused }: ImportReport): number {
  if (refused === 0) return added + updated + unchanged > 0 ? 0 : 1;
  return added + updated + unchanged > 0 ? 3 : 1;
}

function printReport(report: ImportReport): void {
  for (const file of report.files) {
    const place = file.line === undefined ? file.path : `${file.path}:${file.line}`;
    const what = [file.name, file.reason].filter((part) => part !== undefined).join(': ');
    if (file.status === 'unchanged' && !file.notes) continue;
    console.log(`${file.status.padEnd(9)}  ${place}  ${what}`);
    for (const note of file.notes ?? []) console.log(`${' '.repeat(11)}${note}`);
  }
  for (const name of report.retired) console.log(`retired    ${name}`);
  const { added, updated, unchanged, left_out, refused, retired } = report;
  const counts = `added ${added}, updated ${updated}, unchanged ${unchanged}, retired ${retired.length}, left out ${left_out}, refused ${refused}`;
  console.log(report.dry_run ? `would be: ${counts}` : counts);
}

export function seedCommand(): Command {
  return new Command('seed')
    .description('Bring the registry in line with a folder of identity files')
    .option('--from <folder>', 'the folder, read with all its subfolders', DEFAULT_FOLDER)
    .option('--strict', 'leave out files that are not plainly identity files', false)
    .option('--prune', 'retire agents that came from this folder and whose file is gone', false)
    .option('--dry-run', 'say what would be done and write nothing', false)
    .option(
      '--trust',
      'let files from outside data/ confer secrets access, registry rights and larger limits, and change agents that are vouched for',
      false,
    )
    .option('--json', 'print the report as JSON, duration_ms with it', false)
    .addHelpText('after', '\nExit code: 0 all files were read, 3 some were refused, 1 none could be loaded.')
    .action(async ({ from, json, ...options }: SeedOptions) => {
      const bar = progressBar('reading {bar} {value}/{total}', json);
      const onProgress = (done: number, total: number): void => bar.update(done, total);
      const { report, duration_ms } = await withApplication('seed', async (app, ctx) => {
        const begun = performance.now();
        const report = await app
          .get(AgentImportService)
          .import(ctx, resolve(from), { ...options, onProgress });
        return { report, duration_ms: Math.round(performance.now() - begun) };
      }).finally(() => bar.stop());
      if (json) console.log(JSON.stringify({ ...report, duration_ms }, null, 2));
      else printReport(report);
      process.exitCode = exitCode(report);
    });
}
