import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { openKeyFile } from '../key-file.js';

/** The service's Ed25519 key, which lives in a file of its own: outside the store and its copies. */
export class SigningKey {
  /** The raw 32 bytes. */
  readonly publicKey: Buffer;

  constructor(private readonly key: KeyObject) {
    const { x } = createPublicKey(key).export({ format: 'jwk' });
    this.publicKey = Buffer.from(x ?? '', 'base64url');
  }

  /**
   * Reads the key, and makes one (PKCS #8 as PEM, mode 0600) where there is no such file.
   * @throws Error for a file that holds no Ed25519 key, or cannot be read or made.
   */
  static async open(file: string): Promise<SigningKey> {
    const make = (): string =>
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return SigningKey.parse(await openKeyFile(file, make), file);
  }

  /** Puts the key of the file `next` in the place of that of `file`, at once. */
  static async replace(file: string, next: string): Promise<void> {
    await rename(next, file);
  }

  private static parse(pem: string, file: string): SigningKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch (error) {
      throw new Error(`${file} holds no private key`, { cause: error });
    }
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${file} holds no Ed25519 key`);
    return new SigningKey(key);
  }

  /** @returns 64 bytes (RFC 8032). */
  sign(text: Buffer): Buffer {
    return sign(null, text, this.key);
  }
}
