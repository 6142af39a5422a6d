/** Where the API stands; `/` and `/health` stand outside. */
export const API_PREFIX = 'api/v1';
