import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { frameTypes } from '../../../test/support/frame-types.js';

const FILE = new URL('../src/frame-types.ts', import.meta.url);

it('has the types of all frames that the registry has', async () => {
  const types = await frameTypes();
  if (process.env['UPDATE_TYPES']) writeFileSync(FILE, types);
  expect(readFileSync(FILE, 'utf8')).toBe(types);
});
