export { MetricStatisticsController } from './metric-statistics.controller.js';
export * from './agent-totals.entity.js';
export * from './metric.entity.js';
export * from './metrics.controller.js';
export * from './metrics.module.js';
export * from './rollups/metric-retention.js';
export { MetricSpans } from './rollups/metric-spans.js';
export * from './rollups/rollup-rebuild.js';
