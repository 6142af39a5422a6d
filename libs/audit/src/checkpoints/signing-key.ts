import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newId } from '#kernel';

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
    try {
      return SigningKey.parse(await readFile(file, 'utf8'), file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const whole = `${file}.${newId()}`;
    await writeFile(whole, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    try {
      // Nobody sees half a key, and of two instances one is first.
      await link(whole, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(whole);
    }
    return SigningKey.parse(await readFile(file, 'utf8'), file);
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
