import { SHORT_STREAM_PATH, STREAM_PATH } from '../stream/stream.gateway.js';
import { COMMANDS, FRAMES, NOTICES, type RegisteredFrame, type Schema } from '../frames/index.js';
import { CLOSE_CODES, PAGES_PATH, QUERY, SSE_PATH, TICKET_PATH } from './connection.js';
import { type Html, markup, prose } from './markup.js';

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h3 { margin: 2rem 0 0; font-family: ui-monospace, monospace }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #d8dee4 }
pre { background: #f6f8fa; padding: .75rem; overflow-x: auto }
code { font-family: ui-monospace, monospace; font-size: .9em }
`;

const ABOUT =
  'Everything that happens is one entry of one ordered log. The stream is that log, read from a place on: over a WebSocket at ' +
  `\`${STREAM_PATH}\`, in short \`${SHORT_STREAM_PATH}\`, over Server-Sent Events at \`${SSE_PATH}\`, or page by page at ` +
  `\`${PAGES_PATH}\`. Each asks for the permission \`stream:read\`. An agent's key sees its own agent's entries alone.`;

const ABOUT_FRAMES =
  'One JSON text each: `type`, `data`, `timestamp`, and `seq`, the place in the log; `prev_seq`, the `seq` of the frame before it in ' +
  'its subscription or a place up to which nothing was for it; `subscription`.';

const FROM_SHELL = `curl -N -H "X-API-Key: $KEY" 'http://localhost:8000${SSE_PATH}?agent=coder'

websocat -H "X-API-Key: $KEY" 'ws://localhost:8000${SHORT_STREAM_PATH}?type=rbac_decision&decision=denied'

curl -s -H "X-API-Key: $KEY" 'http://localhost:8000${PAGES_PATH}?after_seq=0&limit=200'`;

const FROM_BROWSER = `const answer = await fetch('${TICKET_PATH}', { method: 'POST', headers: { 'X-API-Key': key } });
const { ticket } = await answer.json();
const socket = new WebSocket(\`ws://localhost:8000${SHORT_STREAM_PATH}?start=none&ticket=\${ticket}\`);
socket.onopen = () =>
  socket.send(JSON.stringify({ command: 'subscribe', filter: { agents: ['coder'] }, since, epoch }));
socket.onmessage = ({ data }) => show(JSON.parse(data));`;

/** What the stream sends and takes, to read: all from the registry, without anything that a browser would have to load. */
export function buildStreamPage(): string {
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Agent Reality Map: the live stream</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <h1>The live stream</h1>
        <p>
          ${prose(ABOUT)}
        </p>
        <p>
          For machines: <a href="/asyncapi.json">/asyncapi.json</a> (AsyncAPI 3). The HTTP API:
          <a href="/docs">/docs</a>.
        </p>
        <h2>Try it</h2>
        <pre>${FROM_SHELL}</pre>
        <p>In a browser, which can send no key with a WebSocket:</p>
        <pre>${FROM_BROWSER}</pre>
        <h2>Query of a WebSocket</h2>
        ${membersTable({ type: 'object', properties: QUERY })}
        <h2>Frames of entries</h2>
        <p>
          ${prose(ABOUT_FRAMES)}
        </p>
        <table>
          <tr>
            <th>type</th>
            <th>who may see it</th>
            <th>entries</th>
          </tr>
          ${FRAMES.map(
            (frame) =>
              markup`<tr>
                <td>
                  <a href="#${frame.form.type}"><code>${frame.form.type}</code></a>
                </td>
                <td><code>${frame.form.permission}</code></td>
                <td>${causesOf(frame)}</td>
              </tr> `,
          )}
        </table>
        ${FRAMES.map(
          ({ form }) =>
            markup`<h3 id="${form.type}">${form.type}</h3>
              <p>${prose(form.description)} Seen with <code>${form.permission}</code>.</p>
              ${membersTable(form.schema)}`,
        )}
        <h2>Other frames</h2>
        ${Object.entries(NOTICES).map(
          ([type, { description, schema }]) =>
            markup`<h3 id="${type}">${type}</h3>
              <p>${prose(description)}</p>
              ${schema ? membersTable(schema) : ''}`,
        )}
        <h2>Commands</h2>
        ${Object.entries(COMMANDS).map(
          ([name, { description, schema, answers }]) =>
            markup`<h3 id="command-${name}">${name}</h3>
              <p>
                ${prose(description)} Answered by
                ${prose([...answers, 'error'].map((type) => `\`${type}\``).join(', '))}.
              </p>
              ${membersTable(schema)}`,
        )}
        <h2>Close codes</h2>
        <table>
          <tr>
            <th>code</th>
            <th>meaning</th>
            <th>what to do</th>
          </tr>
          ${CLOSE_CODES.map(
            ({ code, meaning, advice }) =>
              markup`<tr>
                <td>${code}</td>
                <td>${meaning}</td>
                <td>${prose(advice)}</td>
              </tr> `,
          )}
        </table>
      </body>
    </html> `.text;
}

function causesOf({ entries, reported }: RegisteredFrame): Html[] {
  const listed = entries.map((entry) => markup`<code>${entry}</code> `);
  return reported ? [markup`whatever clients report, `, ...listed] : listed;
}

function membersTable(schema: Schema): Html {
  return markup`<table>
    <tr>
      <th>member</th>
      <th>type</th>
      <th>meaning</th>
    </tr>
    ${rowsOf(schema, '')}
  </table>`;
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): Html[] {
  return Object.entries(properties).flatMap(([name, member]) => {
    const isOptional = !required.includes(name);
    const row = markup`<tr>
      <td><code>${prefix}${name}</code>${isOptional ? ' (optional)' : ''}</td>
      <td>${typeOf(member)}</td>
      <td>${prose(member.description ?? '')}</td>
    </tr> `;
    return [row, ...rowsOf(member, `${prefix}${name}.`)];
  });
}

function typeOf(schema: Schema): Html {
  if (schema.const !== undefined) return markup`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum)
    return markup`${schema.enum.map((value) => markup`<code>${JSON.stringify(value)}</code> `)}`;
  const types = [schema.type].flat().map((type) => (type === 'array' && schema.items ? 'array of' : type));
  const items = schema.items ? markup` ${typeOf(schema.items)}` : '';
  return markup`${types.join(' or ')}${items}${schema.format === undefined ? '' : ` (${schema.format})`}`;
}
