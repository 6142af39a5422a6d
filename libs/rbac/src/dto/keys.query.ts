import { pageQuery } from '#contract';

const MAX_LIMIT = 500;

export class KeysQuery extends pageQuery(MAX_LIMIT) {}
