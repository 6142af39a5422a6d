import { Global, Module } from '@nestjs/common';
import { MetricRecorder } from '#kernel';
import { MetricsController } from './metrics.controller.js';
import { MetricsRepository } from './metrics.repository.js';
import { MetricsService } from './metrics.service.js';
import { SinkMetricRecorder } from './sink-metric-recorder.js';

/** The writer's side of metrics: other features record through it. */
@Global()
@Module({
  providers: [{ provide: MetricRecorder, useClass: SinkMetricRecorder }],
  exports: [MetricRecorder],
})
export class MetricsModule {}

/** Metrics over HTTP. */
@Module({ controllers: [MetricsController], providers: [MetricsRepository, MetricsService] })
export class MetricsHttpModule {}
