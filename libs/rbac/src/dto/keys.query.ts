import { pageQuery } from '#contract';

export class KeysQuery extends pageQuery({ list: 'keys', place: ['number', 'string'], maxLimit: 500 }) {}
