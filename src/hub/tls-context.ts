import { createSecureContext, type SecureContext } from 'node:tls';
import { readAuthorities } from '../net/authorities.ts';

/**
 * What makes the hub's certificate trusted: the authorities in the PEM file `caCert`, and only those, or the ones that Node knows.
 * @throws ConfigError when the file cannot be read or holds no certificate
 */
export function tlsContext(caCert: string | undefined): SecureContext {
  return caCert === undefined
    ? createSecureContext()
    : createSecureContext({ ca: readAuthorities('CA_CERT', caCert) });
}
