// @ts-check
/** What is measured on each store, and what growth is allowed to do to it. */

/**
 * @typedef {object} Measure
 * @property {string} id
 * @property {string} title
 * @property {string} [path] of a GET; `{agent}` stands for the id of one, `{each}` for that of another each time, `{middle}`
 *   for where the log goes on from its middle, `{range}` for two dates that nobody asked for before
 * @property {number} [connections] 16 unless given
 * @property {'ingest'} [write]
 * @property {number} [warmUp] seconds of the same before it is measured
 * @property {{ p99?: number, growth?: number, kept?: number }} target p99: below, ms, in the largest store; growth: the
 *   p50 there at most so many times that of the smallest; kept: the rate there at least so many times that of the smallest
 */

const PAGE = { p99: 10, growth: 1.5 };
const SUM = { p99: 20, growth: 1.5 };

/** @type {Measure[]} Reads come first, so that they see the store at the size it is said to have. */
export const MEASURES = [
  { id: 'page', title: 'newest page of the log', path: '/events/audit?limit=100', target: PAGE },
  {
    id: 'page-middle',
    title: 'page half-way down',
    path: '/events/audit?limit=100&{middle}',
    target: PAGE,
  },
  {
    id: 'page-agent',
    title: "an agent's page",
    path: '/events/audit?limit=100&agent_id={agent}',
    target: PAGE,
  },
  {
    id: 'page-agents',
    title: "agents' pages, each time another's",
    path: '/events/audit?limit=100&agent_id={each}',
    target: PAGE,
  },
  {
    id: 'page-denied',
    title: 'page of denials',
    path: '/events/audit?limit=100&rbac_decision=denied',
    target: PAGE,
  },
  {
    id: 'page-words',
    title: 'page of a search for words',
    path: '/events/audit?limit=100&q=file-3',
    target: PAGE,
  },
  {
    id: 'page-role',
    title: 'page of a rare role',
    path: '/events/audit?limit=100&agent_role=tester',
    target: PAGE,
  },
  {
    id: 'page-target',
    title: 'page of a kind of target that only the oldest have',
    path: '/events/audit?limit=100&target_type=agent',
    target: PAGE,
  },
  {
    id: 'page-trace',
    title: 'page of a trace that there is not',
    path: '/events/audit?limit=100&trace_id=none',
    target: PAGE,
  },
  { id: 'stats', title: 'statistics of the log', path: '/events/audit/stats', target: SUM },
  { id: 'aggregate', title: 'aggregate, 7 days', path: '/metrics/aggregate?days=7', target: SUM },
  {
    id: 'aggregate-agents',
    title: 'aggregate by agent, 28 days',
    path: '/metrics/aggregate?days=28&group_by=agent',
    target: SUM,
  },
  {
    id: 'aggregate-percentiles',
    title: 'aggregate with percentiles, 28 days',
    path: '/metrics/aggregate?days=28&percentiles=50,95,99',
    target: SUM,
  },
  {
    id: 'timeseries',
    title: 'timeseries, 7 days by hour',
    path: '/metrics/timeseries?days=7&bucket=hour',
    target: SUM,
  },
  {
    id: 'leaderboard',
    title: 'leaderboard by cost, 7 days',
    path: '/metrics/leaderboard?by=cost&days=7',
    target: SUM,
  },
  // What was just answered is kept for whoever asks the same: here nobody does.
  {
    ...{ id: 'range-fleet', title: 'aggregate, another range each time, 1 connection', connections: 1 },
    ...{ path: '/metrics/aggregate?{range}', target: SUM },
  },
  {
    ...{ id: 'range-agents', title: 'the same by agent', connections: 1 },
    ...{ path: '/metrics/aggregate?group_by=agent&{range}', target: SUM },
  },
  {
    ...{
      id: 'range-leaderboard',
      title: 'leaderboard, another range each time, 1 connection',
      connections: 1,
    },
    ...{ path: '/metrics/leaderboard?by=cost&{range}', target: SUM },
  },
  { id: 'summary', title: "an agent's summary", path: '/metrics/agent/{agent}/summary', target: SUM },
  // The first writes after the start find nothing of the store in the writer's memory.
  {
    ...{ id: 'ingest', title: 'POST /events/ingest, 16 connections', write: 'ingest', warmUp: 10 },
    target: { kept: 0.8 },
  },
];
