import { readFileSync } from 'node:fs';
import { policyFile } from '#rbac';

/** The policy that comes with the service, and one with a pattern and a name of its own. */
export const DEFAULT_POLICY = readFileSync(policyFile({ policyFile: null }), 'utf8');
export const OWN_POLICY = DEFAULT_POLICY.replace(
  '  patterns: []\n  keys: []',
  "  patterns:\n    - kind: ticket\n      pattern: 'TCK-[0-9]{4,8}'\n  keys: ['customer-no']",
);

export const KEY = `AKIA${'Q7W8'.repeat(4)}`;
/** Another of the same kind. */
export const OTHER_KEY = `AKIA${'Z9Y8'.repeat(4)}`;
export const WORD = 'hunter2-x7q9z';
export const LINE = 'MIIEvQIBADANBgkqhkiG9w0BAQ';
export const PEM = `-----BEGIN PRIVATE KEY-----\n${LINE}\n-----END PRIVATE KEY-----`;
export const TICKET = 'TCK-77665';
export const CUSTOMER = 'c-u-s-t-99';
/** What must be found nowhere. */
export const SECRETS = [KEY, OTHER_KEY, WORD, LINE, TICKET, CUSTOMER];
export const EVERY = `${KEY} --password=${WORD} ${PEM} ${TICKET}`;
export const KINDS = ['aws_access_key', 'named_secret', 'private_key', 'ticket'];

/** Those that stand in a text. */
export const shownIn = (text: string): string[] => SECRETS.filter((secret) => text.includes(secret));
