import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { COMMANDS, FRAMES, NOTICES } from '../frames/index.js';
import { buildAsyncApi } from './asyncapi.js';

/** The official JSON Schema of AsyncAPI 3.0.0. */
const OFFICIAL = JSON.parse(
  readFileSync(fileURLToPath(import.meta.resolve('@asyncapi/specs/schemas/3.0.0.json')), 'utf8'),
) as object;

describe('the AsyncAPI document', () => {
  const document = buildAsyncApi();

  it('is valid by the official schema', () => {
    // The official schema brings the meta-schema along.
    const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
    addFormats.default(ajv);
    const check = ajv.compile(OFFICIAL);
    expect([check(document), check.errors]).toEqual([true, null]);
    expect(check({ ...document, channels: { stream: { address: 1 } } })).toBe(false);
  });

  it('describes every frame and every command, on both paths', () => {
    const frames = [...FRAMES.map(({ form }) => form.type), ...Object.keys(NOTICES)];
    const names = [...frames, ...Object.keys(COMMANDS)].sort();
    expect(Object.keys(document.components.messages).sort()).toEqual(names);
    const channels = Object.values(document.channels);
    expect(channels.map(({ address }) => address)).toEqual(['/api/v1/agents/activity/stream', '/ws']);
    for (const { messages } of channels) expect(Object.keys(messages).sort()).toEqual(names);
    // Each path sends frames and takes each command.
    expect(Object.keys(document.operations)).toHaveLength(2 * (1 + Object.keys(COMMANDS).length));
  });

  it('refers to nothing that is not there', () => {
    const refs = refsIn(document);
    expect(refs.length).toBeGreaterThan(100);
    for (const ref of refs) {
      const found = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
      expect([ref, found]).toEqual([ref, expect.any(Object)]);
    }
  });

  it('has payloads that are schemas, with a description of every member', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    addFormats.default(ajv);
    for (const { name, payload } of Object.values(document.components.messages)) {
      expect([name, typeof ajv.compile(payload)]).toEqual([name, 'function']);
      const { data = payload } = payload.properties ?? {};
      for (const [member, { description }] of Object.entries(data.properties ?? {}))
        expect([name, member, member === 'type' || description]).not.toContain(undefined);
    }
  });
});

function refsIn(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' ? [member as string] : refsIn(member),
  );
}
