import { request } from 'node:http';

export interface HookAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read answers as clients do, without types
  readonly body: any;
}

export interface HookRequest {
  readonly hostname?: string;
  readonly port: number;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** Written as they are, one after another; without any the request ends at once. */
  readonly chunks?: readonly (string | Buffer)[];
}

/** One call as the hook scripts make it: plain `http.request`, a connection of its own, nothing added. */
export function callAsHook({ chunks = [], method = 'POST', ...target }: HookRequest): Promise<HookAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ hostname: '127.0.0.1', agent: false, method, ...target }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        const json = /json/.test(response.headers['content-type'] ?? '');
        const body: unknown = json ? JSON.parse(text) : text;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    call.on('error', reject);
    for (const chunk of chunks) call.write(chunk);
    call.end();
  });
}
