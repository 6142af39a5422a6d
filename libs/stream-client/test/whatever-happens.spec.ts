import { setImmediate as aMoment } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../../../test/support/eventually.js';
import { Following } from './following.js';
import { ProtocolServer } from './protocol-server.js';

const AGENTS = ['a', 'b', 'c'];

let server: ProtocolServer;
beforeAll(async () => {
  server = await ProtocolServer.start();
});
afterAll(() => server.stop());

type Step = (server: ProtocolServer) => void;

const agents = fc.array(fc.constantFrom(...AGENTS), { minLength: 1, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: agents.map(
      (added): Step =>
        (to) =>
          to.add(...added),
    ),
  },
  {
    weight: 2,
    arbitrary: agents.map(
      (left): Step =>
        (to) =>
          to.leaveOut(true, ...left),
    ),
  },
  {
    weight: 2,
    arbitrary: agents.map(
      (left): Step =>
        (to) =>
          to.leaveOut(false, ...left),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((to) => to.breakAll()) },
  { weight: 1, arbitrary: fc.constant<Step>((to) => to.closeAll(1001, 'go')) },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 6 }).map(
      (count): Step =>
        (to) =>
          void (to.breaksAfter = count),
    ),
  },
);
/** Some steps at once, some with a moment between them. */
const steps = fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 30 });

it('tells each frame once and in order, whatever is lost on the way', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (todo) => {
      const start = { epoch: server.epoch, seq: server.newest };
      const client = new Following(server.url);
      const followed = [undefined, ['a'], ['b', 'c'], ['b', 'c']].map((of) => ({
        of,
        ...client.follow(of ? { agents: of } : {}, start),
      }));
      try {
        for (const [happen, isSlow] of todo) {
          happen(server);
          if (isSlow) await aMoment();
        }
        server.breaksAfter = -1;
        // What is left out unsaid shows by what comes next.
        server.add(...AGENTS);
        for (const each of followed) {
          const expected = server.seqsOf(each.of).filter((seq) => seq > start.seq);
          await eventually('the last', () => each.seqs.at(-1) === expected.at(-1), 5_000).catch(
            () => undefined,
          );
          expect(each.seqs).toEqual(expected);
        }
        expect(client.errors).toEqual([]);
      } finally {
        client.client.close();
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
}, 120_000);
