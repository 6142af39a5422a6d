// @ts-check
/** Times the compiled decision engine. Arguments: row, URL of the compiled library, seconds. */
import { SHAPES } from './commands/shapes.mjs';
import { decisionMix } from './decisions.mjs';
import { percentiles } from './percentile.mjs';

const [id, library = '', secondsText] = process.argv.slice(2);
const seconds = Number(secondsText);
const WARM_UP_DECISIONS = 50_000;
const MAX_DECISIONS = 2_000_000;
const WARM_UP_READINGS = 3;
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
  const { readCommand } = await import(new URL('engine/command-reading.js', library).href);
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

process.send?.(await (id === 'decision' ? measureDecisions() : measureCommands()));
