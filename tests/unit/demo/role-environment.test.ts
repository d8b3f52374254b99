import { describe, expect, it } from '@jest/globals';
import { serverEnvironment, workerEnvironment } from '../../../src/demo/role-environment.ts';
import { Secret } from '../../../src/secret.ts';

const options = {
  environment: {
    PATH: '/bin',
    BEAKER_CONCURRENCY: '1',
    BEAKER_AMQP_CA_CERT: '/ca.pem',
    NOTIFY_SOCKET: '/run/notify',
  },
  account: { lab: 'demo-1', user: 'host/demo-1', password: new Secret('pw') },
  dir: '/tmp/demo',
  brokerUrls: [new Secret('amqps://one'), new Secret('amqps://two')],
};

describe('the environment of server and worker', () => {
  it('keeps what is not a setting, and no setting of somebody else', () => {
    const environment = workerEnvironment(options, 'http://127.0.0.1:1');
    expect(environment).toMatchObject({ PATH: '/bin', BEAKER_HUB_URL: 'http://127.0.0.1:1' });
    expect(environment).not.toHaveProperty('BEAKER_CONCURRENCY');
    expect(environment).not.toHaveProperty('NOTIFY_SOCKET');
  });

  it('gives both the account and the broker, and each a state of its own', () => {
    const server = serverEnvironment(options);
    const worker = workerEnvironment(options, 'http://127.0.0.1:1');
    for (const environment of [server, worker]) {
      expect(environment).toMatchObject({
        BEAKER_USERNAME: 'host/demo-1',
        BEAKER_PASSWORD: 'pw',
        BEAKER_AMQP_URL: 'amqps://one,amqps://two',
        BEAKER_AMQP_CA_CERT: '/ca.pem',
      });
    }
    expect(server['BEAKER_STATE_DIR']).not.toBe(worker['BEAKER_STATE_DIR']);
  });

  it('names no broker when there is none', () => {
    expect(serverEnvironment({ ...options, brokerUrls: [] })).not.toHaveProperty('BEAKER_AMQP_URL');
  });
});
