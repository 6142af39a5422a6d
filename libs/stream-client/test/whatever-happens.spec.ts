import { setImmediate as aMoment } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../../../test/support/eventually.js';
import type { Position } from '../src/index.js';
import { type Followed, Following } from './following.js';
import { ProtocolServer } from './protocol-server.js';

const AGENTS = ['a', 'b', 'c'];
const FILTERS = [undefined, ['a'], ['b', 'c'], ['c', 'b']];

let server: ProtocolServer;
beforeAll(async () => {
  server = await ProtocolServer.start();
});
afterAll(() => server.stop());

/** A subscription, and what it must have been told. */
class Watched {
  private told: number | null = null;

  constructor(
    readonly of: string[] | undefined,
    private readonly followed: Followed,
    /** The last that it did not ask for; null for one that began when its answer came. */
    private from: number | null,
  ) {}

  get hasBegun(): boolean {
    return this.followed.subscription.position !== null;
  }

  /** Where it began, as far as can be seen now. */
  settle(): void {
    const { seqs, subscription } = this.followed;
    this.from ??= seqs[0] === undefined ? (subscription.position?.seq ?? null) : seqs[0] - 1;
  }

  close(): void {
    this.settle();
    this.followed.subscription.close();
    this.told = this.followed.seqs.length;
  }

  async expectAll(): Promise<void> {
    const { seqs } = this.followed;
    const { from } = this;
    const all = server.seqsOf(this.of).filter((seq) => from !== null && seq > from);
    const expected = this.told === null ? all : all.slice(0, this.told);
    await eventually('the last', () => seqs.at(-1) === expected.at(-1), 5_000).catch(() => undefined);
    expect(seqs).toEqual(expected);
  }
}

/** One client, whose subscriptions come and go. */
class World {
  readonly client = new Following(server.url);
  readonly living: Watched[] = [];
  readonly closed: Watched[] = [];
  private readonly start = server.newest;

  constructor() {
    for (const of of FILTERS) this.open(of, 'start');
  }

  open(of: string[] | undefined, where: 'start' | 'now' | 'answer'): void {
    const from = where === 'start' ? this.start : where === 'now' ? server.newest : null;
    const position: Position | null = from === null ? null : { epoch: server.epoch, seq: from };
    this.living.push(new Watched(of, this.client.follow(of ? { agents: of } : {}, position), from));
  }

  close(index: number): void {
    const [closed] = this.living.splice(index % (this.living.length || 1), 1);
    if (!closed) return;
    closed.close();
    this.closed.push(closed);
  }

  /** Begins one again, before its end or behind it. */
  renew(index: number, isBefore: boolean): void {
    const place = index % (this.living.length || 1);
    const renewed = this.living[place];
    if (!renewed) return;
    if (isBefore) this.open(renewed.of, 'now');
    this.close(place);
    if (!isBefore) this.open(renewed.of, 'now');
  }

  /** When each has had its first answer. */
  async begun(): Promise<void> {
    await eventually('all to begin', () => this.living.every(({ hasBegun }) => hasBegun));
  }
}

type Step = (world: World) => void;

const agents = fc.array(fc.constantFrom(...AGENTS), { minLength: 1, maxLength: 4 });
const place = fc.nat({ max: 20 });
const happens = (weight: number, happen: Step) => ({ weight, arbitrary: fc.constant(happen) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: agents.map((added) => () => server.add(...added)) },
  { weight: 2, arbitrary: agents.map((left) => () => server.leaveOut(true, ...left)) },
  { weight: 2, arbitrary: agents.map((left) => () => server.leaveOut(false, ...left)) },
  happens(1, () => server.breakAll()),
  happens(1, () => server.closeAll(1001, 'go')),
  happens(1, () => server.closeAll(1008, 'what the key may see has changed')),
  happens(2, () => server.tellPositions()),
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(null, 'STORE_UNAVAILABLE')
      .map((failure) => () => void (server.failure = failure)),
  },
  { weight: 1, arbitrary: fc.nat({ max: 6 }).map((count) => () => void (server.breaksAfter = count)) },
  { weight: 2, arbitrary: place.map((index) => (world: World) => world.close(index)) },
  {
    weight: 4,
    arbitrary: fc.tuple(place, fc.boolean()).map(
      ([index, isBefore]) =>
        (world: World) =>
          world.renew(index, isBefore),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...FILTERS), fc.constantFrom('start', 'now', 'answer')).map(
      ([of, where]) =>
        (world: World) =>
          world.open(of, where),
    ),
  },
);
/** Some steps at once, some with moments between them. */
const steps = fc.array(fc.tuple(step, fc.nat({ max: 3 })), { minLength: 1, maxLength: 40 });

it('tells each frame once and in order, whatever is lost on the way, and whatever is closed and begun', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (todo, isOpen) => {
      const world = new World();
      try {
        if (isOpen) await world.client.until('open');
        for (const [happen, moments] of todo) {
          happen(world);
          for (let passed = 0; passed < moments; passed += 1) await aMoment();
        }
        server.breaksAfter = -1;
        server.failure = null;
        await world.begun();
        for (const each of world.living) each.settle();
        // What is left out unsaid shows by what comes next.
        server.add(...AGENTS);
        for (const each of [...world.living, ...world.closed]) await each.expectAll();
        expect(world.client.errors).toEqual([]);
      } finally {
        world.client.client.close();
      }
    }),
    { numRuns: 100, endOnFailure: true },
  );
}, 120_000);
