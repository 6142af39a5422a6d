import { describe, expect, it } from '@jest/globals';
import { COMMANDS, FRAMES, NOTICES } from '../frames/index.js';
import { CLOSE_CODES, QUERY } from './connection.js';
import { buildStreamPage } from './stream-page.js';

const page = buildStreamPage();

describe('the page about the stream', () => {
  it('tells of every frame with its members, who may see it and what causes it', () => {
    for (const { form, entries } of FRAMES) {
      const [, section = ''] = page.split(`<h3 id="${form.type}">`);
      const own = section.split('<h3')[0]!;
      expect(own).toContain(`Seen with <code>${form.permission}</code>`);
      for (const member of Object.keys(form.schema.properties))
        expect([form.type, own]).toEqual([form.type, expect.stringContaining(`<code>${member}</code>`)]);
      for (const entry of entries) expect(page).toContain(`<code>${entry}</code>`);
    }
  });

  it('tells of the notices, commands, parameters and close codes', () => {
    for (const type of Object.keys(NOTICES)) expect(page).toContain(`<h3 id="${type}">`);
    for (const name of Object.keys(COMMANDS)) expect(page).toContain(`<h3 id="command-${name}">`);
    for (const name of Object.keys(QUERY)) expect(page).toContain(`<code>${name}</code>`);
    for (const { code } of CLOSE_CODES) expect(page).toContain(`<td>${code}</td>`);
  });

  it('loads nothing and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\son\w+=|@import|url\(/i);
    for (const [, target] of page.matchAll(/href="([^"]*)"/g))
      expect(target).toMatch(/^(#[\w-]+|\/[\w./]+)$/);
  });

  it('is well-formed: every element is closed where it was opened', () => {
    const open: string[] = [];
    for (const [, slash, name = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
      if (name === 'meta') continue;
      if (slash === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
    // What was left unescaped would stand here.
    expect(page.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
  });
});
