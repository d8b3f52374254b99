import { describe, expect, it } from '@jest/globals';
import { maskLogin } from '../../../src/hub/login.ts';
import { Secret } from '../../../src/secret.ts';

describe('masking a login', () => {
  it('covers the secret as it is and as XML carries it', () => {
    const secret = new Secret('p<w&d');
    const text = 'p<w&d and p&lt;w&amp;d';
    expect(maskLogin({ method: 'password', user: 'lab', password: secret }, text)).toBe(
      '******** and ********',
    );
    expect(maskLogin({ method: 'oauth2', accessToken: secret }, text)).toBe('******** and ********');
  });

  it('leaves a text alone when there is no secret', () => {
    expect(maskLogin({ method: 'none' }, 'text')).toBe('text');
  });
});
