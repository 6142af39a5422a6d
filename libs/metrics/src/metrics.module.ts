import { Global, Module } from '@nestjs/common';
import { MetricRecorder } from '#kernel';
import { MetricCopies } from './metric-copies.repository.js';
import { MetricStatisticsController } from './metric-statistics.controller.js';
import { MetricStatisticsService } from './metric-statistics.service.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsRepository } from './metrics.repository.js';
import { MetricsService } from './metrics.service.js';
import { MetricRetention } from './rollups/metric-retention.js';
import { MetricSpans } from './rollups/metric-spans.js';
import { RollupRebuild } from './rollups/rollup-rebuild.js';
import { RollupUpkeep } from './rollups/rollup-upkeep.js';
import { RollupsRepository } from './rollups/rollups.repository.js';
import { SinkMetricRecorder } from './sink-metric-recorder.js';

/** The writer's side of metrics: other features record through it, and the command counts anew. */
@Global()
@Module({
  providers: [
    { provide: MetricRecorder, useClass: SinkMetricRecorder },
    RollupRebuild,
    MetricSpans,
    MetricRetention,
    MetricCopies,
  ],
  exports: [MetricRecorder, RollupRebuild, MetricSpans, MetricRetention],
})
export class MetricsModule {}

/** Metrics over HTTP. */
@Module({
  controllers: [MetricsController, MetricStatisticsController],
  providers: [MetricsRepository, MetricsService, RollupsRepository, MetricStatisticsService, RollupUpkeep],
})
export class MetricsHttpModule {}
