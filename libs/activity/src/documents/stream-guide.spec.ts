import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { NOTICES } from '../frames/index.js';
import { toPosition } from '../stream/encoding.js';
import { CLOSE } from '../stream/outlet.js';
import { buildAsyncApi } from './asyncapi.js';
import { CLOSE_CODES } from './connection.js';

const GUIDE = readFileSync(new URL('../../../../docs/stream.md', import.meta.url), 'utf8');
const ROWS = GUIDE.split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe('the guide to the stream', () => {
  it('lists the data of each frame that no entry caused', () => {
    for (const [type, { schema }] of Object.entries(NOTICES)) {
      const [, data = ''] = ROWS.find(([name]) => name === `\`${type}\``) ?? [];
      const members = [...data.matchAll(/`(\w+)`/g)].map(([, name]) => name);
      const described = schema ? Object.keys(schema.properties) : ['message'];
      expect([type, members.sort()]).toEqual([type, described.sort()]);
    }
  });

  it('lists the close codes of the documents, and they have all that the service closes with', () => {
    const listed = ROWS.filter(([code = '']) => /^\d+$/.test(code));
    const sentence = (text: string): string =>
      text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
    const described = CLOSE_CODES.map(({ code, meaning, advice }) => [
      String(code),
      sentence(meaning),
      sentence(advice),
    ]);
    expect(listed).toEqual(described);
    const codes = new Set(CLOSE_CODES.map(({ code }) => code));
    expect(Object.values(CLOSE).filter((code) => !codes.has(code))).toEqual([]);
  });

  it.each([
    ['the guide', GUIDE],
    ['the AsyncAPI document', JSON.stringify(buildAsyncApi().info)],
  ])('shows ids of events in %s as they are taken back', (_where, text) => {
    const [, shown = ''] = /`(<epoch>[^`]*<seq>)`/.exec(text) ?? [];
    expect(toPosition(shown.replace('<epoch>', '1f0c').replace('<seq>', '1042'))).toEqual({
      epoch: '1f0c',
      seq: 1042,
    });
  });
});
