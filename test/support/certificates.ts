import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate for 127.0.0.1 with its key, and the authority that signed it. */
export interface Certificates {
  /** A file with the authority's certificate. */
  readonly caFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes an authority, and has it sign a certificate, with `openssl`, in `folder`. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=test CA',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  openssl('req', ...key, '-subj', '/CN=receiver', '-keyout', file('server.key'), '-out', file('server.csr'));
  writeFileSync(file('san.cnf'), 'subjectAltName=IP:127.0.0.1');
  const signer = [
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-extfile',
    file('san.cnf'),
  ];
  openssl('x509', '-req', '-days', '2', '-in', file('server.csr'), ...signer, '-out', file('server.pem'));
  const read = (name: string): string => readFileSync(file(name), 'utf8');
  return { caFile: file('ca.pem'), cert: read('server.pem'), key: read('server.key') };
}
