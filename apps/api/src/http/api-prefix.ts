/** Where the API stands. */
export const API_PREFIX = 'api/v1';
/** What stands outside of it. */
export const OUTSIDE_PREFIX: readonly string[] = ['/', '/health', '/asyncapi.json', '/docs/stream'];
