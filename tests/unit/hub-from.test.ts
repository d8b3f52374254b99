import { describe, expect, it } from '@jest/globals';
import { imageProxies } from '../../src/actions/netboot/images/fetcher.ts';
import { hubProxy } from '../../src/hub-from.ts';
import { loadTestConfig } from '../helpers/load-test-config.ts';

const environment = {
  http_proxy: 'http://me:s3cret@plain:3128',
  https_proxy: 'secure:3128',
  no_proxy: 'near.lab',
};

describe('what the first log line says of proxies', () => {
  it.each([
    ['https://hub.lab', 'http://secure:3128'],
    ['http://hub.lab', 'http://plain:3128'],
    ['https://near.lab', 'none'],
  ])('names that of the hub %s: %s', (hubUrl, proxy) => {
    const { config } = loadTestConfig({ env: { BEAKER_HUB_URL: hubUrl } });
    expect(hubProxy(config, environment)).toBe(proxy);
  });

  it('names those of images, without user and password', () => {
    expect(imageProxies(environment)).toEqual({
      imageProxyHttp: 'http://plain:3128',
      imageProxyHttps: 'http://secure:3128',
    });
    expect(imageProxies({})).toEqual({ imageProxyHttp: 'none', imageProxyHttps: 'none' });
  });
});
