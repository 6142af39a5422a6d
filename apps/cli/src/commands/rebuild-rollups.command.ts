import { Command } from 'commander';
import { RollupRebuild } from '#metrics';
import { progressBar } from '../progress-bar.js';
import { withApplication } from '../with-application.js';

export function rebuildRollupsCommand(): Command {
  return new Command('rebuild-rollups')
    .description(
      'Count the metrics that are kept anew into their minutes, hours and days, beside a running service',
    )
    .action(async () => {
      const bar = progressBar('counting {bar} {percentage} %');
      const hours = await withApplication('rebuild-rollups', (app, ctx) =>
        app
          .get(RollupRebuild)
          .rebuild(ctx, { onProgress: (share) => bar.update(Math.round(share * 100), 100) }),
      ).finally(() => bar.stop());
      console.log(`counted ${hours} hours in which there are metrics`);
    });
}
