// @ts-check
/** Times parts of the service by themselves. Arguments: row, URL of the compiled library, seconds. */
import { randomBytes } from 'node:crypto';
import { SHAPES } from './commands/shapes.mjs';
import { decisionMix } from './decisions.mjs';
import { percentiles } from './percentile.mjs';

const [id, library = '', secondsText] = process.argv.slice(2);
const seconds = Number(secondsText);
const WARM_UP_DECISIONS = 50_000;
const MAX_DECISIONS = 2_000_000;
const WARM_UP_READINGS = 3;
const WARM_UP_SEGMENTS = 50;
const READINGS = 10;

process.once('disconnect', () => process.exit());

/** Each decision by itself, over the policy that comes with the package. */
async function measureDecisions() {
  const { loadPolicy, policyFile } = await import(new URL('policy-document.js', library).href);
  const { decide } = await import(new URL('engine/decide.js', library).href);
  const { rules } = loadPolicy(policyFile({ policyFile: null }));
  const mix = decisionMix(rules.roles.keys());
  /** @param {number} turn */
  const decideNext = (turn) => {
    const { subject, request, budget } = mix[turn % mix.length] ?? {};
    return decide(rules, subject, request, budget);
  };

  for (let turn = 0; turn < WARM_UP_DECISIONS; turn += 1) decideNext(turn);
  /** @type {number[]} */
  const latencies = [];
  const begun = performance.now();
  let now = begun;
  while (now - begun < seconds * 1000 && latencies.length < MAX_DECISIONS) {
    const started = now;
    decideNext(latencies.length);
    now = performance.now();
    latencies.push(now - started);
  }
  return { rate: latencies.length / ((now - begun) / 1000), ...percentiles(latencies), errors: [] };
}

/** The least time of each shape, since what else the machine does is not what is asked for. */
async function measureCommands() {
  const { readCommand } = await import(new URL('engine/read-command.js', library).href);
  const shapes = Object.entries(SHAPES);
  const least = new Map(shapes.map(([name]) => [name, Infinity]));
  let begun = performance.now();
  for (let reading = -WARM_UP_READINGS; reading < READINGS; reading += 1) {
    if (reading === 0) begun = performance.now();
    for (const [name, command] of shapes) {
      const started = performance.now();
      readCommand(command);
      const took = performance.now() - started;
      if (reading >= 0) least.set(name, Math.min(took, least.get(name) ?? Infinity));
    }
  }
  const elapsed = (performance.now() - begun) / 1000;
  const worst = Math.max(...least.values());
  const [slowest] = [...least].find(([, time]) => time === worst) ?? [];
  return {
    rate: (shapes.length * READINGS) / elapsed,
    ...percentiles([...least.values()]),
    worst,
    errors: [],
    note: `slowest of ${shapes.length} commands: ${slowest}`,
  };
}

/** What the Merkle tree costs an entry: the right edge grows, and each 1,024 are sealed. */
async function measureTree() {
  const merkle = new URL('../../audit/src/merkle/', library);
  const { Frontier } = await import(new URL('frontier.js', merkle).href);
  const { rootOf, SEGMENT } = await import(new URL('log-tree.js', merkle).href);
  const leaves = Array.from({ length: SEGMENT }, () => randomBytes(32).toString('base64'));
  const frontier = Frontier.parse(0, '');
  const grow = () => {
    for (const leaf of leaves) frontier.append(leaf);
    return [rootOf(leaves), Buffer.concat(leaves.map((leaf) => Buffer.from(leaf, 'base64')))];
  };
  for (let warmUp = 0; warmUp < WARM_UP_SEGMENTS; warmUp += 1) grow();
  let entries = 0;
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    grow();
    entries += SEGMENT;
  }
  const rate = entries / ((performance.now() - begun) / 1000);
  return { rate, p50: null, p99: null, errors: [], note: 'beside that, a row for each 1,024 entries' };
}

const MEASURES = { decision: measureDecisions, 'command-parse': measureCommands, 'log-tree': measureTree };
process.send?.(await MEASURES[/** @type {keyof typeof MEASURES} */ (id)]());
