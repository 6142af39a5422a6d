import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BUILT_IN_FORMS, BUILT_IN_REDACTION, SECRET_NAMES } from './built-in-forms.js';
import { MaskedKinds, REDACTED } from './masked.js';
import { NO_REDACTION, Redactor } from './redactor.js';

/** Made up as they are needed, so that no scanner takes this file for a leak. */
const x = (length: number, alphabet = 'aB3dE5gH7jK9mN1pQ'): string =>
  alphabet.repeat(Math.ceil(length / alphabet.length)).slice(0, length);
const UPPER = 'A2B4C6D8EFGHIJ';

const masked = (text: string): { text: string; kinds: string[] | undefined } => {
  const kinds = new MaskedKinds();
  return { text: BUILT_IN_REDACTION.text(text, kinds), kinds: kinds.list };
};

/** By kind, a secret of it. */
const SECRETS: readonly [kind: string, secret: string][] = [
  ['service_key', `arm_${x(43)}`],
  ['stream_ticket', `art_${x(43)}`],
  ['aws_access_key', `AKIA${x(16, UPPER)}`],
  ['aws_access_key', `ASIA${x(16, UPPER)}`],
  ['github_token', `ghp_${x(36)}`],
  ['github_token', `ghs_${x(300)}`],
  ['github_token', `github_pat_${x(22)}_${x(59)}`],
  ['gitlab_token', `glpat-${x(20)}`],
  ['gitlab_token', `gldt-${x(20)}`],
  ['slack_token', `xoxb-${x(12, '0123')}-${x(24)}`],
  ['stripe_key', `sk_live_${x(24)}`],
  ['stripe_key', `rk_live_${x(24)}`],
  ['stripe_key', `whsec_${x(32)}`],
  ['anthropic_key', `sk-ant-api03-${x(40)}-${x(40)}AA`],
  ['openai_key', `sk-proj-${x(40)}_${x(40)}`],
  ['openai_key', `sk-${x(48)}`],
  ['google_api_key', `AIza${x(35)}`],
  ['google_oauth_secret', `GOCSPX-${x(28)}`],
  ['google_oauth_token', `ya29.${x(60)}`],
  ['jwt', `eyJ${x(33)}.eyJ${x(60)}.${x(43)}`],
  ['jwt', `eyJ${x(500)}.${x(9_000)}.${x(4)}.${x(900)}.${x(22)}`],
  ['npm_token', `npm_${x(36)}`],
  ['pypi_token', `pypi-${x(120)}`],
  ['huggingface_token', `hf_${x(34)}`],
  ['sendgrid_key', `SG.${x(22)}.${x(43)}`],
  ['vault_token', `hvs.${x(24)}`],
  ['age_key', `AGE-SECRET-KEY-1${x(58, UPPER)}`],
];

const PEM = (label: string): string => `-----BEGIN ${label}-----\n${x(64)}\n${x(64)}\n-----END ${label}-----`;

describe('redaction', () => {
  it.each(SECRETS)('masks a %s, alone and within text', (kind, secret) => {
    for (const [before, after] of [
      ['', ''],
      ['export X=', '\n'],
      ['"', '"'],
      ['see (', ') there'],
      ['/', ' '],
    ] as const)
      expect(masked(before + secret + after)).toEqual({ text: before + REDACTED + after, kinds: [kind] });
  });

  it.each<[kind: string, text: string, left: string]>([
    ['named_secret', 'mysql --password=hunter2hunter -u root', 'mysql --password=[redacted] -u root'],
    ['named_secret', 'login --token s3cr3tvalue --json', 'login --token [redacted] --json'],
    ['named_secret', 'x --db-password s3cr3tvalue', 'x --db-password [redacted]'],
    ['named_secret', 'DB_PASSWORD=s3cr3tvalue node a.js', 'DB_PASSWORD=[redacted] node a.js'],
    ['named_secret', 'password: "correct horse battery"', 'password: "[redacted]"'],
    ['named_secret', "client_secret = 'correct horse'", "client_secret = '[redacted]'"],
    ['named_secret', '{"apiKey":"abcd efgh","n":1}', '{"apiKey":"[redacted]","n":1}'],
    ['named_secret', '{\\"token\\":\\"ab cd ef\\",\\"n\\":1}', '{\\"token\\":\\"[redacted]\\",\\"n\\":1}'],
    ['named_secret', '/cb?access_token=abcdef123&x=1', '/cb?access_token=[redacted]&x=1'],
    [
      'authorization',
      'curl -H "Authorization: Bearer abc.def-123" u',
      'curl -H "Authorization: Bearer [redacted]" u',
    ],
    ['authorization', "-H 'authorization: Basic dXNlcjpwYXNz'", "-H 'authorization: Basic [redacted]'"],
    ['authorization', `uses bearer ${x(24)}`, 'uses bearer [redacted]'],
    ['authorization', 'curl -u me:s3cr3t https://a.b/c?x=1', 'curl -u me:[redacted] https://a.b/c?x=1'],
    ['authorization', 'curl -sSu me:s3 -d "a;b" u', 'curl -sSu me:[redacted] -d "a;b" u'],
    ['authorization', "curl 'u?a&b' -u'me:pass word'", "curl 'u?a&b' -u'me:[redacted]'"],
    ['authorization', 'curl u --user "me:pass word" -v', 'curl u --user "me:[redacted]" -v'],
    ['authorization', 'curl --proxy-user=me:pa:ss u', 'curl --proxy-user=me:[redacted] u'],
    ['authorization', 'curl \\\n  --user :s3cr3t \\\n u', 'curl \\\n  --user :[redacted] \\\n u'],
    ['authorization', '{"c":"curl -u \\"me:pass\\" u"}', '{"c":"curl -u \\"me:[redacted]" u"}'],
    ['authorization', 'curl -u a:bc u; curl -u d:ef u', 'curl -u a:[redacted] u; curl -u d:[redacted] u'],
    ['url_password', 'postgres://me:pw@db:5432/x', 'postgres://me:[redacted]@db:5432/x'],
    ['url_password', 'redis://:p@ss@host/0', 'redis://:[redacted]@host/0'],
    ['aws_secret_key', `aws_secret_access_key = ${x(40)}`, 'aws_secret_access_key = [redacted]'],
    ['azure_key', `AccountName=a;AccountKey=${x(86)}==;End=b`, 'AccountName=a;AccountKey=[redacted];End=b'],
    ['azure_key', `https://a.blob/x?se=1&sig=${x(44)}%3D`, 'https://a.blob/x?se=1&sig=[redacted]'],
    [
      'slack_webhook',
      `https://hooks.slack.com/services/T0/B0/${x(24)}`,
      'https://hooks.slack.com/services/[redacted]',
    ],
    ['private_key', `a ${PEM('RSA PRIVATE KEY')} b`, 'a [redacted] b'],
    ['private_key', `a ${PEM('OPENSSH PRIVATE KEY')}`, 'a [redacted]'],
    [
      'private_key',
      `{"k":"${PEM('PRIVATE KEY').replaceAll('\n', '\\n')}\\n","z":1}`,
      '{"k":"[redacted]\\n","z":1}',
    ],
    ['private_key', `cut off -----BEGIN EC PRIVATE KEY-----\n${x(40)}`, 'cut off [redacted]'],
  ])('masks a %s in %j', (kind, text, left) => {
    expect(masked(text)).toEqual({ text: left, kinds: [kind] });
  });

  it.each([
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    '/home/dev/shop/src/token/password-reset.service.ts',
    'the token bucket of the secret service, keyed by name',
    'tokens_used=5000 max_tokens: 4096, token_count=12345',
    'password: string; token?: number; secret: null',
    'password: must be a string',
    'deploy --password=$DB_PASSWORD --token ${{secrets.NPM}}',
    'task-sk-loading-spinner-container-of-a-page',
    'https://example.com:8443/a@b?x=1:2',
    'git@github.com:owner/repository.git',
    'docker run --user 1000:1000 -u node:node image',
    'rsync -u host:/srv/a /srv/b && curl https://a.b:8443/c',
    'curl -u me https://a.b:8443 --user-agent "x:y" -H "Accept: text/html"',
    'curl -u "$USER:$PASSWORD" --user me:${PASSWORD} https://a.b',
    'ssh -i ~/.ssh/id_ed25519 deploy@host',
    'eyJ is how the base64 of a JSON object begins',
    'npm_config_registry=https://registry.npmjs.org/',
    PEM('PUBLIC KEY'),
    PEM('CERTIFICATE'),
    'Edit src/orders/orders.service.ts: replace the total by a running sum',
    'basic authentication of the bearer',
  ])('leaves %j', (text) => {
    expect(masked(text)).toEqual({ text, kinds: undefined });
  });

  it('masks texts under names of secrets, whatever they look like, and no numbers', () => {
    const kinds = new MaskedKinds();
    const value = {
      Password: 'a',
      'X-Api-Key': 'b',
      privateKey: ['c', { d: 'e', n: 1 }],
      tokens_used: 5,
      max_tokens: '6',
      token_count: 7,
      token: null,
      secret: true,
      deep: [{ AUTHORIZATION: 'f', [`AKIA${x(16, UPPER)}`]: '' }],
    };
    expect(JSON.parse(JSON.stringify(BUILT_IN_REDACTION.value(value, kinds)))).toEqual({
      Password: REDACTED,
      'X-Api-Key': REDACTED,
      privateKey: [REDACTED, { d: REDACTED, n: 1 }],
      tokens_used: 5,
      max_tokens: '6',
      token_count: 7,
      token: null,
      secret: true,
      deep: [{ AUTHORIZATION: REDACTED, [REDACTED]: '' }],
    });
    expect(kinds.list).toEqual(['aws_access_key', 'named_secret']);
  });

  it('keeps the values of all members, also where their names become one', () => {
    const [one, other] = ['A', 'B'].map((end) => `AKIA${x(15, UPPER)}${end}`);
    const value = {
      [`${one}`]: 1,
      [`${other}`]: 2,
      [REDACTED]: 3,
      [`${REDACTED} 2`]: 4,
      [`of ${one}`]: 5,
      n: 6,
    };
    const left = BUILT_IN_REDACTION.value(value) as Record<string, unknown>;
    expect(Object.values(left)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(Object.keys(left).slice(0, 3)).toEqual([REDACTED, `${REDACTED} 2`, `${REDACTED} 3`]);
    expect(left).toMatchObject({ 'of [redacted]': 5, n: 6 });
    expect(JSON.stringify(BUILT_IN_REDACTION.value(left))).toBe(JSON.stringify(left));
  });

  it('keeps very many members whose names become one, in no more time than others take', () => {
    const names = Array.from(
      { length: 20_000 },
      (_, n) => `AKIA${x(11, UPPER)}${String(n).padStart(5, '0')}`,
    );
    const left = BUILT_IN_REDACTION.value(Object.fromEntries(names.map((name, n) => [name, n])));
    expect(Object.values(left as object)).toHaveLength(20_000);
  });

  it('counts what was masked before as nothing', () => {
    expect(masked('password=[redacted] https://me:[redacted]@host')).toEqual({
      text: 'password=[redacted] https://me:[redacted]@host',
      kinds: undefined,
    });
  });

  it('takes the patterns and names of its owner', () => {
    const forms = [
      { kind: 'ticket', pattern: '\\bTCK-[0-9]{4,8}\\b' },
      { kind: 'pin', pattern: 'pin (\\d{4})' },
    ];
    const own = new Redactor([...forms, ...BUILT_IN_FORMS], [...SECRET_NAMES, 'Customer-No']);
    const kinds = new MaskedKinds();
    expect(own.text('TCK-12345 pin 1234', kinds)).toBe('[redacted] pin [redacted]');
    expect(own.value({ customer_no: '7' }, kinds)).toMatchObject({ customer_no: REDACTED });
    expect(kinds.list).toEqual(['named_secret', 'pin', 'ticket']);
  });

  it('leaves all where it is off', () => {
    const value = { password: 'hunter2hunter2', text: `AKIA${x(16, UPPER)}` };
    expect(NO_REDACTION.value(value)).toEqual(value);
  });

  it('finds by its hints whatever it would find without them', () => {
    const unhinted = new Redactor(
      BUILT_IN_FORMS.map(({ kind, pattern, ignoreCase = false, behind = '' }) => ({
        kind,
        pattern,
        ignoreCase,
        behind,
      })),
      SECRET_NAMES,
    );
    const near = fc.constantFrom(
      ...SECRETS.map(([, secret]) => secret.slice(0, 400)),
      'PassWD: ',
      'toKEN=',
      'https://:',
      ' curl',
      ' -su ',
      'me:pass',
    );
    const texts = fc.array(fc.oneof(near, fc.string({ maxLength: 12 })), { maxLength: 6 });
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join('');
        expect(BUILT_IN_REDACTION.text(text)).toBe(unhinted.text(text));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves none of the secrets in any text, and finds nothing in what it left', () => {
    const short = SECRETS.map(([, text]) => text).filter((text) => text.length < 500);
    const secret = fc.constantFrom(...short, PEM('PRIVATE KEY'));
    const edge = fc.constantFrom(' ', '\n', '"', "'", '=', '/', ':', '(', ',', 'ü', '€', '🤖');
    const parts = fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), edge, secret, edge), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(parts, (pieces) => {
        const text = pieces.flat().join('');
        const kinds = new MaskedKinds();
        const once = BUILT_IN_REDACTION.text(text, kinds);
        for (const [, , hidden] of pieces) expect(once).not.toContain(hidden);
        expect(kinds.list).not.toHaveLength(0);
        const again = new MaskedKinds();
        expect(BUILT_IN_REDACTION.text(once, again)).toBe(once);
        expect(again.list).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('is idempotent on any mixture of what it looks for', () => {
    const piece = fc.constantFrom(
      ...[
        'AKIA',
        x(16, UPPER),
        'ghp_',
        x(36),
        'password',
        '=',
        ': ',
        '"',
        '\\"',
        '://',
        'a:b@',
        '[redacted]',
      ],
      ...[
        '-----BEGIN ',
        'PRIVATE KEY-----',
        '-----END ',
        'Bearer ',
        'authorization',
        ' ',
        'sk-',
        '--token ',
        '@',
        'curl',
        ' -u ',
        ' --user=',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const once = BUILT_IN_REDACTION.text(pieces.join(''));
        expect(BUILT_IN_REDACTION.text(once)).toBe(once);
      }),
      { numRuns: 1_000 },
    );
  });

  it('masks a text whole in which it would find without end', () => {
    const chain = `${`AKIA${x(16, UPPER)}`.repeat(40)} end`;
    expect(BUILT_IN_REDACTION.text(BUILT_IN_REDACTION.text(chain))).toBe(BUILT_IN_REDACTION.text(chain));
    const own = new Redactor([{ kind: 'odd', pattern: '\\]\\w' }], []);
    expect(own.text(`x]${'a'.repeat(50)}`)).toBe(REDACTED);
  });

  it('leaves no half of a character', () => {
    const own = new Redactor([{ kind: 'odd', pattern: 'secret.' }], []);
    expect(own.text('a secret🤖 b').isWellFormed()).toBe(true);
  });
});
