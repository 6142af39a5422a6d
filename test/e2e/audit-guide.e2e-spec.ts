import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/service.js';

/** What docs/audit.md tells an auditor to run, word by word. */
const GUIDE = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');
function blockOf(name: string): string {
  const [, , code] = new RegExp(`<!-- test: ${name} -->\\n+\`\`\`(\\w+)\\n([^]*?)\`\`\``).exec(GUIDE) ?? [];
  if (code === undefined) throw new Error(`the guide has no block ${name}`);
  return code;
}

const ENTRIES = 1_100;

describe('the guide for auditors', () => {
  let service: TestService;
  let folder: string;
  let entry: { leaf: string; text: { body: string } };
  const file = (name: string): string => join(folder, name);
  const get = async (path: string): Promise<unknown> => (await service.request('GET', `/audit/${path}`)).body;
  const save = (name: string, content: unknown): void =>
    writeFileSync(file(name), typeof content === 'string' ? content : JSON.stringify(content));
  const check = (...names: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, ['check.mjs', ...names], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, wrong: stdout.split('\n').filter((line) => !line.startsWith('right:') && line !== '') };
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-map-'));
    service = await TestService.start({ RBAC_ENABLED: 'true', CHECKPOINT_INTERVAL: '24h' });
    const events = Array.from({ length: ENTRIES }, (_, n) => ({
      ...{ agent_id: 'a', operation_type: 'tool_use', operation_detail: `Edit: file ${n}` },
    }));
    const { body } = await service.request('POST', '/events/ingest/batch', events);
    save('note', (await service.request('POST', '/audit/checkpoint')).body);
    await service.request('POST', '/events/ingest/batch', events.slice(0, 77));
    save('newer', (await service.request('POST', '/audit/checkpoint')).body);
    save('key.json', await get('public-key'));
    const [from, to] = ['note', 'newer'].map((name) => readFileSync(file(name), 'utf8').split('\n')[1]);
    save('growth.json', await get(`proof/consistency?from=${from}&to=${to}`));
    entry = (await get(`entries/${body.results[700].id}`)) as typeof entry;
    save('entry.json', entry);
    save('check.mjs', blockOf('check.mjs'));
  });
  afterAll(async () => {
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  it('shows with openssl who signed', () => {
    const verify = (): string =>
      execFileSync('bash', ['-ec', blockOf('signature')], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    expect(verify()).toContain('Signature Verified Successfully');
    const note = readFileSync(file('note'), 'utf8');
    save('note', note.replace(`\n${ENTRIES}`, `\n${ENTRIES + 1}`));
    expect(verify).toThrow();
    save('note', note);
  });

  it('shows with one page of script that an entry is there, and that the log has only grown', () => {
    expect(check('entry.json', 'newer', 'growth.json', 'note')).toEqual({ status: 0, wrong: [] });
  });

  it('shows what was changed', () => {
    const lies: Record<string, [string, unknown]> = {
      'the texts are those of the leaf': ['entry.json', { ...entry, text: { ...entry.text, body: '{}' } }],
      'the leaf hash is that of the leaf': [
        'entry.json',
        {
          ...entry,
          leaf: Buffer.from(
            Buffer.from(entry.leaf, 'base64').toString().replace('tool_use', 'tool_abuse'),
          ).toString('base64'),
        },
      ],
      'the leaf is in the tree of the checkpoint': ['entry.json', { ...entry, leaf_index: 699 }],
      'the log has only grown since the older checkpoint': ['growth.json', { hashes: [] }],
    };
    for (const [what, [name, content]] of Object.entries(lies)) {
      const truth = readFileSync(file(name), 'utf8');
      save(name, content);
      expect(check('entry.json', 'newer', 'growth.json', 'note')).toEqual({
        status: 1,
        wrong: [`WRONG: ${what}`],
      });
      save(name, truth);
    }
  });

  it('shows with another page that an export is what was signed, and whose hands were on it', async () => {
    save('check-export.mjs', blockOf('check-export.mjs'));
    const checked = (text: string): string => {
      save('export.ndjson', text);
      const { stdout } = spawnSync(process.execPath, ['check-export.mjs', 'export.ndjson'], {
        cwd: folder,
        encoding: 'utf8',
      });
      return stdout.split('\n')[0]!.replace(/\d+/g, 'N');
    };
    const right = 'right: leaves and texts are the log that was signed. Now check who signed it:';
    for (const query of ['', '?after_seq=3', '?q=7', '?agent_role=nobody'])
      expect(checked((await service.request('GET', `/audit/export${query}`)).body as string)).toBe(right);
    const text = (await service.request('GET', '/audit/export?q=file+7')).body as string;
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('{"type":"entry"'));
    expect(checked(lines.toSpliced(at, 1).join('\n'))).toBe('WRONG: the gap from N on is not the next');
    expect(checked(lines.slice(0, -2).join('\n'))).toBe('WRONG: the export broke off');
    const forged = JSON.parse(lines[at]!);
    forged.text.body = forged.text.body.replace('file', 'fire');
    expect(checked(lines.with(at, JSON.stringify(forged)).join('\n'))).toBe('WRONG: texts of entry N');
    const gap = JSON.parse(lines[1]!);
    gap.hashes[0] = forged.leaf_hash;
    expect(checked(lines.with(1, JSON.stringify(gap)).join('\n'))).toBe(
      'WRONG: the root is not that of the checkpoint',
    );
  });
});
