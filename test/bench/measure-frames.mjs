// @ts-check
/** Measures the time from sending an event to its frame at each of the subscribers. */
import { setMaxListeners } from 'node:events';
import { Agent, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { hookEvent } from './bodies.mjs';
import { FrameSocket } from './frame-socket.mjs';
import { percentiles } from './percentile.mjs';
import { until } from './service.mjs';

/** By row: how many subscribe, how many of these go away and come back again and again, and for how long, where three seconds hold too few events. */
const SUBSCRIBERS = {
  frames: { steady: 10, restless: 0, seconds: null },
  'frames-1000': { steady: 1000, restless: 0, seconds: 10 },
  'frames-resume': { steady: 900, restless: 100, seconds: 60 },
};
/** How many subscribe, how many events are sent at once, and how many may be on their way. */
const FAN_OUT = { subscribers: 1000, batch: 10, ahead: 30 };
const EVENTS_PER_SECOND = 100;
const WARM_UP_EVENTS = 50;
const GREETED_WITHIN_MS = 5000;
const LAST_FRAME_WITHIN_MS = 10_000;
const ANSWERED_WITHIN_MS = 10_000;
/** How long a restless subscriber stays, and how long it is away. */
const STAYS_MS = 8000;
const AWAY_MS = 1000;
const INGEST_PATH = '/api/v1/events/ingest';
const STREAM_PATH = '/api/v1/agents/activity/stream';
const MARK = 'bench-frame-';
/** How many bytes at the end of a frame hold its place. */
const PLACE_BYTES = 90;
const PLACE = /"seq":(\d+),"prev_seq":(\d+),"subscription":"all"\}$/;

/**
 * @param {import('./service.mjs').Service} service
 * @param {{ reporter: string }} agents
 * @param {string} id of a row of frames
 * @param {{ seconds: number }} options
 */
export async function measureFrames(service, agents, id, { seconds }) {
  const { steady, restless, seconds: own } = SUBSCRIBERS[/** @type {keyof typeof SUBSCRIBERS} */ (id)];
  /** @type {number[]} */
  const sentAt = [];
  /** @type {number[]} ms, of the events after the warm-up, at those that stay */
  const latencies = [];

  /** @param {Buffer} bytes */
  const onFrame = (bytes) => {
    const arrived = performance.now();
    // Not parsed: with many subscribers that would cost more than all that is measured.
    const at = bytes.indexOf(MARK);
    if (at < 0) return;
    const begin = at + MARK.length;
    const index = Number.parseInt(bytes.toString('latin1', begin, begin + 10), 10);
    if (index >= WARM_UP_EVENTS) latencies.push(arrived - (sentAt[index] ?? NaN));
  };

  const staying = Array.from({ length: steady }, () => new Subscriber(service, onFrame));
  const moving = Array.from({ length: restless }, () => new Subscriber(service, () => undefined));
  const all = [...staying, ...moving];
  await Promise.all(all.map((subscriber) => subscriber.connect()));
  const rssBefore = await service.rssMb();
  const events = WARM_UP_EVENTS + Math.ceil((own ?? seconds) * EVENTS_PER_SECOND);
  const posts = [];
  const agent = new Agent({ keepAlive: true });
  let failed = 0;
  let newest = 0;
  const sending = new AbortController();
  setMaxListeners(0, sending.signal);
  const comings = moving.map((subscriber) => comeAndGo(subscriber, sending.signal));
  const begun = performance.now();
  for (let index = 0; index < events; index += 1) {
    await wait(Math.max(0, begun + index * (1000 / EVENTS_PER_SECOND) - performance.now()));
    const event = { ...hookEvent(agents.reporter), operation_detail: `${MARK}${index}` };
    sentAt[index] = performance.now();
    posts.push(
      ingest(service, agent, event).then(
        (seq) => (newest = Math.max(newest, seq)),
        () => (failed += 1),
      ),
    );
  }
  await Promise.all(posts);
  sending.abort();
  const returns = await Promise.all(comings);
  await until(LAST_FRAME_WITHIN_MS, async () => all.every(({ position }) => position === newest));
  const elapsed = (performance.now() - begun) / 1000;
  const rssAfter = await service.rssMb();
  all.forEach((subscriber) => subscriber.leave());
  agent.destroy();

  const errors = [];
  if (failed > 0) errors.push(`${failed} events were not acknowledged`);
  const behind = all.filter(({ position }) => position !== newest).length;
  if (behind > 0) errors.push(`${behind} subscribers did not get the last frame`);
  const broken = all.flatMap(({ breaks }) => breaks);
  if (broken.length > 0) errors.push(`${broken.length} breaks, the first: ${broken[0]}`);
  const frames = all.reduce((sum, subscriber) => sum + subscriber.frames, 0);
  const cameBack = returns.reduce((sum, count) => sum + count, 0);
  const note =
    restless === 0
      ? {}
      : {
          note: `${restless} of ${all.length} subscribers came back ${cameBack} times; ${all.length - behind} got to the last frame, with ${broken.length} breaks; RSS ${rssBefore} → ${rssAfter} MB`,
        };
  return { rate: frames / elapsed, ...percentiles(latencies), errors, ...note };
}

/**
 * Batches of events as fast as a thousand subscribers take their frames.
 * @param {import('./service.mjs').Service} service
 * @param {{ reporter: string }} agents
 * @param {{ seconds: number }} options
 */
export async function measureFanOut(service, agents, { seconds }) {
  const all = Array.from({ length: FAN_OUT.subscribers }, () => new Subscriber(service, () => undefined));
  await Promise.all(all.map((subscriber) => subscriber.connect()));
  const delivered = () => all.reduce((sum, { frames }) => sum + frames, 0) / all.length;
  const batch = Array.from({ length: FAN_OUT.batch }, () => hookEvent(agents.reporter));
  let sent = 0;
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    await service.call(`${INGEST_PATH}/batch`, batch);
    sent += batch.length;
    await until(LAST_FRAME_WITHIN_MS, async () => delivered() > sent - FAN_OUT.ahead, 1);
  }
  await until(LAST_FRAME_WITHIN_MS, async () => delivered() >= sent);
  const rate = (delivered() * all.length) / ((performance.now() - begun) / 1000);
  const broken = all.flatMap(({ breaks }) => breaks);
  all.forEach((subscriber) => subscriber.leave());
  const errors = delivered() === sent ? [] : [`${delivered()} frames arrived at each, not ${sent}`];
  if (broken.length > 0) errors.push(`${broken.length} breaks, the first: ${broken[0]}`);
  return { rate, p50: null, p99: null, errors };
}

/**
 * Leaves and resumes until told to end; is there in the end.
 * @param {Subscriber} subscriber
 * @param {AbortSignal} signal
 * @returns {Promise<number>} how often it came back
 */
async function comeAndGo(subscriber, signal) {
  for (let times = 0; ; times += 1) {
    await wait(Math.random() * 2 * STAYS_MS, null, { signal }).catch(() => undefined);
    if (signal.aborted) return times;
    subscriber.leave();
    await wait(Math.random() * AWAY_MS);
    await subscriber.connect();
  }
}

/** One that proves the sequence: each frame has to name the one before it. */
class Subscriber {
  position = 0;
  frames = 0;
  /** @type {string[]} */
  breaks = [];
  #epoch = '';
  /** @type {FrameSocket | null} */
  #socket = null;
  #service;
  #onFrame;

  /**
   * @param {import('./service.mjs').Service} service
   * @param {(bytes: Buffer) => void} onFrame
   */
  constructor(service, onFrame) {
    this.#service = service;
    this.#onFrame = onFrame;
  }

  /** Resolves when the service has told where the subscription begins: from then on frames are due. */
  async connect() {
    const resume = this.#epoch === '' ? '' : `?since=${this.position}&epoch=${this.#epoch}`;
    const url = new URL(this.#service.origin + STREAM_PATH + resume);
    await /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('a subscriber was not greeted')), GREETED_WITHIN_MS);
        const onText = (/** @type {Buffer} */ text) => {
          if (!this.#take(text)) return;
          clearTimeout(timer);
          resolve();
        };
        const onError = (/** @type {Error} */ error) => {
          this.breaks.push(error.message);
          reject(error);
        };
        this.#socket = new FrameSocket(url, this.#service.headers, onText, onError);
      })
    );
  }

  leave() {
    this.#socket?.terminate();
    this.#socket = null;
  }

  /**
   * @param {Buffer} bytes
   * @returns {boolean} whether the subscription begins with it
   */
  #take(bytes) {
    const place = PLACE.exec(bytes.toString('latin1', Math.max(0, bytes.length - PLACE_BYTES)));
    if (!place) return this.#takeNotice(JSON.parse(bytes.toString()));
    const [seq, previous] = [Number(place[1]), Number(place[2])];
    if (previous > this.position || seq <= this.position)
      this.breaks.push(`${seq}, which follows ${previous}, after ${this.position}`);
    this.position = seq;
    this.frames += 1;
    this.#onFrame(bytes);
    return false;
  }

  /** @param {{ type: string, data: { epoch: string, seq: number } }} notice */
  #takeNotice({ type, data }) {
    if (type === 'lagged' || type === 'history_lost') this.breaks.push(type);
    if (type !== 'subscribed') return false;
    if (this.#epoch === '') this.position = data.seq;
    this.#epoch = data.epoch;
    return true;
  }
}

/**
 * By node:http, because fetch adds a millisecond of its own to the latency.
 * @param {import('./service.mjs').Service} service
 * @param {Agent} agent
 * @param {unknown} event
 * @returns {Promise<number>} its `seq`, when it is acknowledged
 * @throws {Error} on any status but 201
 */
function ingest(service, agent, event) {
  const text = JSON.stringify(event);
  const headers = {
    ...service.headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    request(service.origin + INGEST_PATH, { method: 'POST', agent, headers }, (response) => {
      json(response).then(
        (entry) => (response.statusCode === 201 ? resolve(entry.seq) : reject(new Error('refused'))),
        reject,
      );
    })
      .setTimeout(ANSWERED_WITHIN_MS, () => reject(new Error('no answer')))
      .on('error', reject)
      .end(text);
  });
}
