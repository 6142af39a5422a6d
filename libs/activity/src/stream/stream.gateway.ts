import type { IncomingMessage } from 'node:http';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { CLOSE } from './outlet.js';
import { SocketOutlet } from './socket-outlet.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamCommands } from './stream-commands.js';
import { StreamFeed } from './stream-feed.js';
import { StreamHub } from './stream-hub.js';

export const STREAM_PATH = '/api/v1/agents/activity/stream';
export const SHORT_STREAM_PATH = '/ws';

/** Compression would cost each client its own copy of every frame. The payload is what clients may send, in bytes. */
const OPTIONS = { maxPayload: 64 * 1024, perMessageDeflate: false };

/** The live stream over WebSockets: hands whoever connects to the hub, begins what the query asks for, and takes commands. */
@WebSocketGateway({ path: STREAM_PATH, ...OPTIONS })
export class StreamGateway implements OnGatewayConnection<WebSocket> {
  constructor(
    private readonly hub: StreamHub,
    private readonly feed: StreamFeed,
    private readonly admission: StreamAdmission,
    private readonly commands: StreamCommands,
  ) {}

  handleConnection(ws: WebSocket, request: IncomingMessage): void {
    const admitted = this.admission.admittedWith(request);
    if (!admitted) {
      ws.close(CLOSE.policyViolation, 'the connection was not authenticated');
      return;
    }
    const { principal, start } = admitted;
    const outlet = new SocketOutlet(ws, request.socket, this.hub.limits.closeGraceMs);
    const client = this.hub.join(outlet, principal);
    if (start) this.feed.begin(client, start.filter, start.since);
    ws.on('message', (message: Buffer, isBinary) => this.commands.take(client, message, isBinary));
  }
}

/** The same stream under its short path; a gateway serves one. */
@WebSocketGateway({ path: SHORT_STREAM_PATH, ...OPTIONS })
export class ShortPathStreamGateway extends StreamGateway {}
