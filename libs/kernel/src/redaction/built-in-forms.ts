import { Redactor, type SecretForm } from './redactor.js';

const NAME =
  '(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key)';
const NAME_HINT =
  '[Pp][Aa][Ss][Ss]|[Pp][Ww][Dd]|[Ss][Ee][Cc][Rr][Ee][Tt]|[Tt][Oo][Kk][Ee][Nn]|[Cc][Rr][Ee][Dd][Ee][Nn]|[Kk][Ee][Yy]|[Aa][Uu][Tt][Hh][Oo][Rr][Ii]';
/** Between a name and its value, also in JSON and in JSON inside of JSON. */
const IS = `\\\\{0,3}["']?\\s{0,4}[:=]\\s{0,4}`;
const VALUE = `[^\\s"',;&|]{4,}`;

const named = (pattern: string): SecretForm => ({
  kind: 'named_secret',
  pattern,
  ignoreCase: true,
  hint: { signs: ':=', like: NAME_HINT },
});

/** The option of curl for a user and a password, also behind other letters: `-sSu`. */
const CURL_USER = '\\s(?:-[A-Za-z]{0,6}[uU]\\s{0,4}|--(?:proxy-)?user[\\s=]{1,4})';
const curlUser = (value: string): SecretForm => ({
  kind: 'authorization',
  pattern: `${CURL_USER}${value}`,
  behind: 'curl',
  hint: { signs: '-', like: 'curl' },
});

/** Well-known credentials by their prefixes, then what stands behind the name of a secret. */
export const BUILT_IN_FORMS: readonly SecretForm[] = [
  { kind: 'service_key', pattern: '\\barm_[\\w-]{43,}', hint: { signs: '_', like: 'arm_' } },
  { kind: 'stream_ticket', pattern: '\\bart_[\\w-]{43,}', hint: { signs: '_', like: 'art_' } },
  {
    kind: 'aws_access_key',
    pattern: '\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b',
    hint: { signs: 'A', like: 'AKIA|ASIA' },
  },
  {
    kind: 'aws_secret_key',
    pattern: `secret_?access_?key${IS}\\\\{0,3}["']?([A-Za-z0-9/+=]{40,})`,
    ignoreCase: true,
    hint: { signs: ':=', like: NAME_HINT },
  },
  {
    kind: 'github_token',
    pattern: '\\bgh[pousr]_[A-Za-z0-9]{36,}',
    hint: { signs: '_', like: 'gh[pousr]_' },
  },
  { kind: 'github_token', pattern: '\\bgithub_pat_\\w{22,}', hint: { signs: '_', like: 'github_pat_' } },
  {
    kind: 'gitlab_token',
    pattern: '\\bgl(?:pat|dt|rt|ptt|oas)-[\\w-]{20,}',
    hint: { signs: '-', like: 'gl[pdro][ta]?[ts]?-' },
  },
  {
    kind: 'slack_token',
    pattern: '\\bxox[abeoprs]-[\\w-]{10,}',
    hint: { signs: '-', like: 'xox[abeoprs]-' },
  },
  {
    kind: 'slack_webhook',
    pattern: 'hooks\\.slack\\.com/(?:services|workflows|triggers)/([\\w/-]{20,})',
    hint: { signs: '.', like: 'hooks\\.slack' },
  },
  {
    kind: 'stripe_key',
    pattern: '\\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}',
    hint: { signs: '_', like: '[sr]k_[lt]' },
  },
  { kind: 'stripe_key', pattern: '\\bwhsec_[A-Za-z0-9+/=]{24,}', hint: { signs: '_', like: 'whsec_' } },
  { kind: 'anthropic_key', pattern: '\\bsk-ant-[\\w-]{16,}', hint: { signs: '-', like: 'sk-' } },
  {
    kind: 'openai_key',
    pattern: '\\bsk-(?:proj|svcacct|admin|or)-[\\w-]{16,}',
    hint: { signs: '-', like: 'sk-' },
  },
  { kind: 'openai_key', pattern: '\\bsk-[A-Za-z0-9]{20,}', hint: { signs: '-', like: 'sk-' } },
  { kind: 'google_api_key', pattern: '\\bAIza[\\w-]{35,}', hint: { signs: 'A', like: 'AIza' } },
  { kind: 'google_oauth_secret', pattern: '\\bGOCSPX-[\\w-]{20,}', hint: { signs: '-', like: 'GOCSPX-' } },
  { kind: 'google_oauth_token', pattern: '\\bya29\\.[\\w-]{20,}', hint: { signs: '.', like: 'ya29\\.' } },
  {
    kind: 'jwt',
    pattern: '(?:^|[^\\w-])-{0,8}(eyJ[\\w-]{10,512}\\.[\\w-]{2}[\\w.-]{14,})',
    hint: { signs: '.', like: 'eyJ' },
  },
  { kind: 'npm_token', pattern: '\\bnpm_[A-Za-z0-9]{36,}', hint: { signs: '_', like: 'npm_' } },
  { kind: 'pypi_token', pattern: '\\bpypi-[\\w-]{50,}', hint: { signs: '-', like: 'pypi-' } },
  { kind: 'huggingface_token', pattern: '\\bhf_[A-Za-z0-9]{30,}', hint: { signs: '_', like: 'hf_' } },
  {
    kind: 'sendgrid_key',
    pattern: '\\bSG\\.[\\w-]{16,32}\\.[\\w-]{30,}',
    hint: { signs: '.', like: 'SG\\.' },
  },
  { kind: 'vault_token', pattern: '\\bhvs\\.[\\w-]{24,}', hint: { signs: '.', like: 'hvs\\.' } },
  {
    kind: 'azure_key',
    pattern: '(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/=]{20,})',
    hint: { signs: '=', like: 'Key=' },
  },
  { kind: 'azure_key', pattern: '[?&]sig=([\\w%+/=-]{20,})', hint: { signs: '=', like: 'sig=' } },
  { kind: 'age_key', pattern: '\\bAGE-SECRET-KEY-1[0-9A-Z]{58}', hint: { signs: '-', like: 'AGE-' } },
  {
    kind: 'url_password',
    pattern: '://[^\\s/:@]{0,256}:([^\\s/@]{1,256}(?:@[^\\s/@]{1,256})?)@',
    hint: { signs: ':', like: '://[^\\s/:@]{0,256}:' },
  },
  {
    kind: 'authorization',
    pattern: `authorization${IS}\\\\{0,3}["']?(?:(?:bearer|basic|token|digest|apikey)\\s{1,4})?(${VALUE})`,
    ignoreCase: true,
    hint: { signs: ':=', like: NAME_HINT },
  },
  {
    kind: 'authorization',
    pattern: '\\b(?:bearer|basic)\\s{1,4}([\\w.~+/=-]{20,})',
    ignoreCase: true,
    hint: { signs: ' ', like: '[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]\\s' },
  },
  curlUser(`"[^"\\s:]{0,64}:([^"\\n]{1,256})"`),
  curlUser(`'[^'\\s:]{0,64}:([^'\\n]{1,256})'`),
  curlUser(`\\\\{0,3}["']?[^\\s"':\\\\]{0,64}:([^\\s"']+)`),
  named(`${NAME}${IS}"([^"\\\\\\n]{4,256})"`),
  named(`${NAME}${IS}'([^'\\\\\\n]{4,256})'`),
  named(`${NAME}${IS}\\\\{1,3}"([^"\\\\\\n]{4,256})\\\\`),
  named(`${NAME}${IS}\\\\{0,3}["']?(${VALUE})`),
  {
    kind: 'named_secret',
    pattern: `--(?:[a-z0-9]{1,24}[_-])?${NAME}\\s{1,4}["']?([^\\s"',;&|-]${VALUE})`,
    ignoreCase: true,
    hint: { signs: '-', like: `--[\\w-]{0,32}(?:${NAME_HINT})` },
  },
];

/** Members whose texts are secrets, whatever they look like. */
export const SECRET_NAMES: readonly string[] = [
  ...['password', 'passwd', 'pwd', 'passphrase', 'db_password', 'user_password'],
  ...['secret', 'client_secret', 'api_secret', 'secret_key', 'webhook_secret', 'shared_secret'],
  ...['token', 'access_token', 'refresh_token', 'id_token', 'auth_token', 'api_token', 'bearer_token'],
  ...['session_token', 'github_token', 'gitlab_token', 'npm_token', 'x_auth_token', 'csrf_token'],
  ...['api_key', 'x_api_key', 'access_key', 'account_key', 'openai_api_key', 'anthropic_api_key'],
  ...['secret_access_key', 'aws_secret_access_key', 'aws_session_token', 'shared_access_key'],
  ...['authorization', 'proxy_authorization', 'cookie', 'set_cookie', 'credential', 'credentials'],
  ...['private_key', 'signing_key', 'encryption_key', 'master_key', 'ssh_key', 'connection_string'],
];

/** What is masked where a policy says nothing of its own, and in log lines always. */
export const BUILT_IN_REDACTION = new Redactor(BUILT_IN_FORMS, SECRET_NAMES);
