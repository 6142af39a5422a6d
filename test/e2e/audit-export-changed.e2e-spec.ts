import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExportVerifier } from '#audit';
import { register } from '../support/access-calls.js';
import { exportText, type Line, publicKeyOf, verified } from '../support/exports.js';
import { TestService } from '../support/service.js';

describe('an export that was changed', () => {
  let service: TestService;
  let key: Buffer;
  let lines: string[];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true', CHECKPOINT_INTERVAL: '24h' });
    key = await publicKeyOf(service);
    await register(service, 'coder');
    const events = Array.from({ length: 200 }, (_, n) => ({
      agent_id: n % 20 === 0 ? 'coder' : 'other',
      ...{ operation_type: 'tool_use', operation_detail: `git push ${n}` },
    }));
    await service.request('POST', '/events/ingest/batch', events);
    lines = (await exportText(service, '?agent_id=coder')).trimEnd().split('\n');
  });
  afterAll(() => service.remove());

  const found = (changed: readonly string[], ...keys: Buffer[]): [string, number | null][] =>
    verified(changed.join('\n'), ...(keys.length > 0 ? keys : [key])).findings.map(({ kind, seq }) => [
      kind,
      seq,
    ]);
  const seqOf = (index: number): number => Number(JSON.parse(lines[index]!).leaf_index) + 1;
  const without = (index: number): string[] => lines.toSpliced(index, 1);
  /** An entry's line; a gap is before and behind it. */
  const AT = 4;
  const changedAt = (index: number, change: (line: Line) => object): string[] =>
    lines.with(index, JSON.stringify(change(JSON.parse(lines[index]!))));

  it('shows what, and where', () => {
    const at = seqOf(AT);
    const leafOf = (line: Line, from: string, to: string) =>
      Buffer.from(Buffer.from(line.leaf, 'base64').toString().replace(from, to)).toString('base64');
    const sha = (leaf: string) =>
      createHash('sha256').update(Buffer.of(0)).update(Buffer.from(leaf, 'base64')).digest('base64');
    expect(found(lines)).toEqual([]);
    expect(JSON.parse(lines[AT]!).type).toBe('entry');
    const changed = (change: (line: Line) => object) => found(changedAt(AT, change));
    expect(changed((line) => ({ ...line, entry: { ...line.entry, route: 'x' } }))).toEqual([['changed', at]]);
    expect(changed((line) => ({ ...line, text: { ...line.text, body: '{}' } }))).toEqual([['changed', at]]);
    expect(changed((line) => ({ ...line, leaf: leafOf(line, 'coder', 'codex') }))).toEqual([['changed', at]]);
    // One who makes the hash fit too is found at the root.
    const forged = (line: Line) => {
      const leaf = leafOf(line, '"service"', '"Service"');
      const entry = { ...line.entry, principal: { ...line.entry.principal, kind: 'Service' } };
      return { ...line, leaf, leaf_hash: sha(leaf), entry };
    };
    expect(changed(forged)).toEqual([['changed', null]]);
    expect(changed((line) => ({ ...line, text: null }))).toEqual([['changed', at]]);
    expect(found(without(AT))).toEqual([['missing', at]]);
    expect(found(lines.toSpliced(AT, 0, lines[AT]!))).toEqual([['reordered', at]]);
    expect(found(lines.with(AT, lines[AT + 2]!).with(AT + 2, lines[AT]!))[0]).toEqual(['missing', at]);
    const gap = (line: Line) => ({ ...line, hashes: line.hashes.with(0, line.hashes.at(-1)) });
    expect(found(changedAt(AT + 1, gap))).toEqual([['changed', null]]);
    const shortGap = (line: Line) => ({ ...line, hashes: line.hashes.slice(1) });
    expect(found(changedAt(AT + 1, shortGap))).toEqual([['malformed', null]]);
    expect(found(lines.slice(0, -1))).toEqual([['truncated', null]]);
    expect(found(without(lines.length - 2))[0]?.[0]).toBe('missing');
    expect(found(without(0))[0]?.[0]).toBe('malformed');
    expect(found([...lines, lines[AT]!])).toEqual([['malformed', null]]);
    expect(found(lines.with(AT, '{"type":"entry"'))[0]).toEqual(['malformed', null]);
    expect(found(lines, Buffer.alloc(32, 1))).toEqual([['checkpoint', null]]);
    expect(verified(lines.join('\n'), key).leftOut).toBeGreaterThan(0);
  });

  it('is not taken for what other readers would read in it', () => {
    const line = lines[AT]!;
    const gap = lines[AT + 1]!;
    const malformed = (index: number, text: string) => {
      expect(text).not.toBe(lines[index]);
      expect(found(lines.with(index, text))[0]).toEqual(['malformed', null]);
    };
    malformed(AT, line.replace('"entry":{', '"entry":{"seq":1},"entry":{'));
    malformed(AT, line.replace('"reason":null', '"reason":1e400'));
    malformed(AT, line.replace('"usd":null', '"usd":1e400').replace('"seq":', '"seq": '));
    malformed(AT, line.replace('"leaf":"', '"leaf":"@'));
    malformed(AT, line.replace('"salt":"', '"salt":"AAAA'));
    malformed(AT, line.replace('{"type"', '{"note":"x","type"'));
    malformed(AT, line.replace('"type":"entry"', '"type":["entry"]'));
    malformed(AT, `${line}\r`);
    malformed(AT + 1, gap.replace('"from"', '"entry":{"seq":5},"from"'));
    malformed(AT + 1, gap.replace('"type":"gap"', '"type":["checkpoint"]'));
    malformed(lines.length - 1, lines.at(-1)!.replace('"type":"checkpoint"', '"type":["checkpoint"]'));
    malformed(lines.length - 1, lines.at(-1)!.replace('"type"', '"entry":{},"type"'));
    malformed(0, lines[0]!.replace('"filter":{', '"entry":{},"filter":{'));
  });

  it('and leaves something out is found where all is wanted', () => {
    const verifier = new ExportVerifier([key], true);
    for (const line of lines) verifier.take(line);
    expect(verifier.end().findings[0]).toMatchObject({ kind: 'missing' });
  });

  it('in what is not signed shows too', () => {
    const renamed = (line: Line) => ({ ...line, origin: `${line.origin}0` });
    expect(found(changedAt(0, renamed))).toEqual([['checkpoint', null]]);
  });
});
