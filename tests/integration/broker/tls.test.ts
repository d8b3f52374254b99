import { connect as connectTcp, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '../../../src/broker/connect.ts';
import { Secret } from '../../../src/secret.ts';
import { createOwnCa, type OwnCa } from '../../helpers/own-ca.ts';
import { rabbitmq } from '../../helpers/rabbitmq.ts';

describe('a broker behind TLS', () => {
  let ca: OwnCa;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    const broker = await rabbitmq();
    ca = await createOwnCa();
    const { key, cert } = await ca.issue(['DNS:localhost', 'IP:127.0.0.1']);
    server = createServer({ key, cert }, (client) => {
      const upstream = connectTcp(broker.port, '127.0.0.1');
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as AddressInfo).port;
  }, 120_000);

  afterAll(async () => {
    server.close();
    await ca.remove();
  });

  async function connectWith(caCert: string | undefined): Promise<void> {
    const url = new Secret(`amqps://guest:guest@127.0.0.1:${port}`);
    const options = { url, caCert, connectionName: 'tls test', heartbeatS: 60, timeoutMs: 5_000 };
    const connection = await connect(options, new AbortController().signal);
    await connection.model.close();
    connection.destroy();
  }

  it('is trusted by the certificate authority that was given', async () => {
    await expect(connectWith(ca.caCert)).resolves.toBeUndefined();
  });

  it('is not trusted otherwise', async () => {
    await expect(connectWith(undefined)).rejects.toThrow(/certificate/);
  });

  it('is not connected to when the authority cannot be read, or is none, and the setting is named', async () => {
    const expected = 'AMQP_CA_CERT: expected a file with PEM certificates, found ';
    for (const file of ['/no/such/ca.pem', import.meta.filename]) {
      await expect(connectWith(file)).rejects.toThrow(`${expected}${file}: `);
    }
  });
});
