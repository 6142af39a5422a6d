import { fromMicroUsd } from '#kernel';

/** What an identity gets that leaves these out. */
export const DEFAULT_APPROVAL_THRESHOLD_USD = 10;
export const DEFAULT_VERSION = '1.0.0';

/** The smallest limit that is more than nothing in the store's unit. */
export const MIN_COST_PER_DAY_USD = fromMicroUsd(1);
