import { pageQuery } from '#contract';

export class PolicyVersionsQuery extends pageQuery(500) {}
