import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ConfigError, describeError } from '../errors.ts';
import { MAX_CA_BYTES, readRegularFile } from '../regular-file.ts';

/**
 * What makes the hub's certificate trusted: the authorities in the PEM file `caCert`, and only those, or the ones that Node knows.
 * @throws ConfigError when the file cannot be read or holds no certificate
 */
export function tlsContext(caCert: string | undefined): SecureContext {
  if (caCert === undefined) return createSecureContext();
  try {
    const pem = readRegularFile(caCert, { maxBytes: MAX_CA_BYTES, followLinks: true });
    // A file without a certificate would be ignored, and the hub be distrusted much later.
    new X509Certificate(pem);
    return createSecureContext({ ca: pem });
  } catch (error) {
    throw new ConfigError([
      `CA_CERT: expected a file with PEM certificates, found ${caCert}: ${describeError(error)}`,
    ]);
  }
}
