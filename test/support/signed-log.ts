import { generateKeyPairSync } from 'node:crypto';
import { SegmentSealer, SegmentsRepository } from '#audit';
import { CheckpointsRepository } from '../../libs/audit/src/checkpoints/checkpoints.repository.js';
import { checkpointText, signNote, type TreeHead } from '../../libs/audit/src/checkpoints/signed-note.js';
import { SigningKey } from '../../libs/audit/src/checkpoints/signing-key.js';
import { anEvent, type OpenedStore, upTo } from './opened-store.js';

const AT_ONCE = 500;

export function aSigningKey(): SigningKey {
  return new SigningKey(generateKeyPairSync('ed25519').privateKey);
}

export function aNote(head: TreeHead, key: SigningKey): string {
  return signNote(checkpointText(head), [
    { name: head.origin, publicKey: key.publicKey, sign: (text) => key.sign(text) },
  ]);
}

/** Appends entries with all kinds of contents. @returns once their whole segments are sealed. */
export async function growLog(opened: OpenedStore, size: number): Promise<void> {
  const segments = new SegmentsRepository(opened.reader);
  for (let held = (await segments.extent()).size; held < size; held += AT_ONCE) {
    await opened.writer.append(opened.ctx, (tx) => {
      for (const n of upTo(Math.min(AT_ONCE, size - held))) {
        const at = held + n;
        opened.trail.record(
          tx,
          anEvent({
            agent: { agentId: `agent-${at % 7}`, name: `agent ${at % 7}`, role: 'developer' },
            decision: at % 5 === 0 ? 'denied' : 'allowed',
            operationDetail: `entry ${at}: grüße`,
            costMicro: at,
            ...(at % 3 === 0
              ? { reason: 'why not', targetResource: `src/${at}.ts`, targetType: 'file' }
              : {}),
            ...(at % 4 === 0 ? { context: `{"n":${at}}` } : {}),
          }),
        );
      }
    });
  }
  await new SegmentSealer(segments, opened.writer, opened.bus).catchUp();
}

/** Signs what the log holds, as the service does. @returns the note. */
export async function signLog(opened: OpenedStore, key: SigningKey): Promise<string> {
  const checkpoints = new CheckpointsRepository(opened.reader);
  const head = await checkpoints.treeHead();
  const note = aNote(head, key);
  await opened.writer.run(opened.ctx, async (tx) => {
    await checkpoints.keepKey(tx, key.publicKey.toString('base64'), 1);
    await checkpoints.keep(tx, { ...head, note, issuedAt: 1 });
  });
  return note;
}
