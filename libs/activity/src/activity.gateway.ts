import type { IncomingMessage } from 'node:http';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { AgentDirectory, Clock } from '#kernel';
import { toNotice } from './frames.js';
import { StreamAdmission } from './stream-admission.js';
import { CLOSE } from './stream-client.js';
import { StreamHub } from './stream-hub.js';

export const STREAM_PATH = '/api/v1/agents/activity/stream';
export const SHORT_STREAM_PATH = '/ws';

/** Compression would cost each client its own copy of every frame. The payload is what clients may send, in bytes. */
const OPTIONS = { maxPayload: 64 * 1024, perMessageDeflate: false };

/** The live stream. Greets whoever connects and hands the connection to the hub, which also notices its end. */
@WebSocketGateway({ path: STREAM_PATH, ...OPTIONS })
export class ActivityGateway implements OnGatewayConnection<WebSocket> {
  constructor(
    private readonly hub: StreamHub,
    private readonly admission: StreamAdmission,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
  ) {}

  handleConnection(ws: WebSocket, request: IncomingMessage): void {
    const principal = this.admission.principalOf(request);
    if (!principal) {
      ws.close(CLOSE.policyViolation, 'the connection was not authenticated');
      return;
    }
    const client = this.hub.join(ws, request.socket, principal);
    const notify = (type: string, content: Readonly<Record<string, unknown>>): void =>
      client.send(toNotice(type, content, this.clock.now()));
    ws.on('message', (_message, isBinary) => {
      const message = isBinary
        ? 'Binary frames are not understood.'
        : 'This message is not understood: there are no commands.';
      if (client.takesReplies()) notify('error', { data: { message } });
    });
    notify('connection', { message: 'Connected to the activity stream.' });
    notify('stats', {
      data: { total_agents: this.agents.count(), active_connections: this.hub.connections },
    });
  }
}

/** The same stream under its short path; a gateway serves one. */
@WebSocketGateway({ path: SHORT_STREAM_PATH, ...OPTIONS })
export class ShortPathActivityGateway extends ActivityGateway {}
