import { describe, expect, it } from '@jest/globals';
import { describeProxy, proxiesOf } from '../../../src/net/proxies.ts';

function proxyOf(environment: Record<string, string>, url: string): string {
  return proxiesOf(environment)(new URL(url))?.href ?? 'none';
}

describe('the proxies of an environment', () => {
  it.each([
    [{ http_proxy: 'http://p:3128' }, 'http://hub/', 'http://p:3128/'],
    [{ http_proxy: 'p:3128' }, 'http://hub/', 'http://p:3128/'],
    [{ HTTP_PROXY: 'http://p:3128' }, 'http://hub/', 'http://p:3128/'],
    [{ HTTP_PROXY: 'http://upper', http_proxy: 'http://lower' }, 'http://hub/', 'http://lower/'],
    [{ http_proxy: 'http://p:3128' }, 'https://hub/', 'none'],
    [{ https_proxy: 'http://p:3128' }, 'https://hub/', 'http://p:3128/'],
    [{ HTTPS_PROXY: 'https://p' }, 'https://hub/', 'https://p/'],
    [{}, 'https://hub/', 'none'],
  ])('%j: %s goes through %s', (environment, url, proxy) => {
    expect(proxyOf(environment, url)).toBe(proxy);
  });

  it.each([
    ['*', 'http://hub.lab/', 'none'],
    ['hub.lab', 'http://hub.lab/', 'none'],
    ['other, HUB.lab', 'http://hub.lab/', 'none'],
    ['lab', 'http://hub.lab/', 'none'],
    ['.lab', 'http://hub.lab/', 'none'],
    ['*.lab', 'http://hub.lab/', 'none'],
    ['ab', 'http://hub.lab/', 'http://p/'],
    ['hub.lab:8080', 'http://hub.lab:8080/', 'none'],
    ['hub.lab:8080', 'http://hub.lab/', 'http://p/'],
    ['hub.lab:80', 'http://hub.lab/', 'none'],
    ['127.0.0.1', 'http://127.0.0.1:5000/', 'none'],
    ['::1', 'http://[::1]:5000/', 'none'],
    ['[::1]:5000', 'http://[::1]:5000/', 'none'],
    ['2001:DB8::0:1', 'http://[2001:db8::1]/', 'none'],
    ['hub.lab.', 'http://hub.lab/', 'none'],
    ['hüb.lab', 'http://hüb.lab/', 'none'],
    ['0.0.1', 'http://127.0.0.1/', 'http://p/'],
    ['10.0.0.0/8', 'http://10.1.2.3/', 'none'],
    ['10.0.0.0/8:8080', 'http://10.1.2.3/', 'http://p/'],
    ['10.0.0.0/8', 'http://11.1.2.3/', 'http://p/'],
    ['10.0.0.0/8', 'http://hub.lab/', 'http://p/'],
    ['10.0.0.0/99', 'http://10.1.2.3/', 'http://p/'],
    ['2001:db8::/32', 'http://[2001:db8::1]/', 'none'],
    ['', 'http://hub.lab/', 'http://p/'],
  ])('no_proxy=%s: %s goes through %s', (noProxy, url, proxy) => {
    expect(proxyOf({ http_proxy: 'http://p', no_proxy: noProxy }, url)).toBe(proxy);
    expect(proxyOf({ http_proxy: 'http://p', NO_PROXY: noProxy }, url)).toBe(proxy);
  });

  it('are described without user and password, also when they make no sense', () => {
    const described = (text: string): string =>
      describeProxy(proxiesOf({ http_proxy: text }), new URL('http://hub'));
    expect(described('http://me:s3cret@p:3128/')).toBe('http://p:3128');
    expect(described('')).toBe('none');
    expect(described('socks5://me:s3cret@p')).toMatch(
      /^http_proxy: expected the URL of an HTTP proxy(?!.*s3cret)/,
    );
  });
});
