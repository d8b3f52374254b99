import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface OwnCa {
  /** Path of the CA's certificate, PEM. */
  readonly caCert: string;
  /** A server certificate for `names` (each `DNS:host` or `IP:address`), signed by this CA; the PEM texts and where they are. */
  issue(names: readonly string[]): Promise<IssuedCert>;
  /** Deletes the CA and all it issued. */
  remove(): Promise<void>;
}

export interface IssuedCert {
  readonly key: string;
  readonly cert: string;
  readonly keyPath: string;
  readonly certPath: string;
}

/** A certificate authority that nobody trusts yet, in a temporary directory; made with the `openssl` command. */
export async function createOwnCa(): Promise<OwnCa> {
  const dir = await mkdtemp(join(tmpdir(), 'own-ca-'));
  const caCert = join(dir, 'ca.pem');
  const caKey = join(dir, 'ca.key');
  await request(['-subj', '/CN=Own CA', '-keyout', caKey, '-out', caCert]);

  let issued = 0;
  return {
    caCert,
    issue: async (names) => {
      issued += 1;
      const keyPath = join(dir, `server-${issued}.key`);
      const certPath = join(dir, `server-${issued}.pem`);
      const extensions = [`subjectAltName=${names.join(',')}`, 'basicConstraints=critical,CA:false'];
      await request([
        ...['-subj', '/CN=server', '-CA', caCert, '-CAkey', caKey, '-keyout', keyPath, '-out', certPath],
        ...extensions.flatMap((extension) => ['-addext', extension]),
      ]);
      const [key, cert] = await Promise.all([readFile(keyPath, 'utf8'), readFile(certPath, 'utf8')]);
      return { key, cert, keyPath, certPath };
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

async function request(args: readonly string[]): Promise<void> {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await run('openssl', ['req', '-x509', '-days', '2', ...newKey, ...args]);
}
