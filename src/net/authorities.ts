import { X509Certificate } from 'node:crypto';
import { ConfigError, describeError } from '../errors.ts';
import { MAX_CA_BYTES, readRegularFile } from '../regular-file.ts';

/**
 * The certificates of the authorities to trust, which `setting` says are in `file`.
 * @throws ConfigError naming both when the file cannot be read or holds no certificate
 */
export function readAuthorities(setting: string, file: string): Buffer {
  try {
    const pem = readRegularFile(file, { maxBytes: MAX_CA_BYTES, followLinks: true });
    // A file without a certificate would be ignored, and the other side be distrusted much later.
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new ConfigError([
      `${setting}: expected a file with PEM certificates, found ${file}: ${describeError(error)}`,
    ]);
  }
}
