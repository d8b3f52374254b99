import { describe, expect, it } from '@jest/globals';
import { LastGoodAddresses, type LastGoodAddressesOptions } from '../../../src/net/last-good-addresses.ts';

type Ask = NonNullable<LastGoodAddressesOptions['ask']>;

function found(addresses: LastGoodAddresses, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    addresses.lookup(name, { all: true }, (error, list) => (error === null ? resolve(list) : reject(error)));
  });
}

const works: Ask = (_name, _options, answer) =>
  setImmediate(answer, null, [{ address: '127.0.0.9', family: 4 }]);
const fails: Ask = (_name, _options, answer) =>
  setImmediate(answer, Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }), []);
const hangs: Ask = () => undefined;

describe('the last good addresses', () => {
  function switchable(): { addresses: LastGoodAddresses; answerBy: (ask: Ask) => void; asked: () => number } {
    let ask = works;
    let asked = 0;
    const addresses = new LastGoodAddresses({
      timeoutMs: 50,
      firstTimeoutMs: 60,
      ask: (...args) => {
        asked += 1;
        ask(...args);
      },
    });
    return { addresses, answerBy: (next) => (ask = next), asked: () => asked };
  }

  it.each([
    ['fails', fails],
    ['does not answer', hangs],
  ])('stand in when the name service %s', async (_what, trouble) => {
    const { addresses, answerBy } = switchable();
    await found(addresses, 'hub.lab');
    addresses.reached('hub.lab');
    answerBy(trouble);
    expect(await found(addresses, 'hub.lab')).toEqual([{ address: '127.0.0.9', family: 4 }]);
    await expect(found(addresses, 'other.lab')).rejects.toThrow(
      /EAI_AGAIN|no answer for other\.lab within 60 ms/,
    );
  });

  it('are not those under which the name was never reached', async () => {
    const { addresses, answerBy } = switchable();
    await found(addresses, 'hub.lab');
    answerBy(fails);
    await expect(found(addresses, 'hub.lab')).rejects.toThrow('EAI_AGAIN');
  });

  it('let only one question for a name wait for the name service', async () => {
    const { addresses, answerBy, asked } = switchable();
    answerBy(hangs);
    await Promise.allSettled(Array.from({ length: 20 }, () => found(addresses, 'hub.lab')));
    await expect(found(addresses, 'hub.lab')).rejects.toThrow('no answer');
    expect(asked()).toBe(1);
  });

  it('are waited for longer while there are none, as when the first of two name servers is dead', async () => {
    const slow: Ask = (...args) => void setTimeout(() => works(...args), 100);
    const addresses = new LastGoodAddresses({ timeoutMs: 20, firstTimeoutMs: 5_000, ask: slow });
    expect(await found(addresses, 'hub.lab')).toEqual([{ address: '127.0.0.9', family: 4 }]);
  });

  it('are those of an answer that was too late for the question before, also when the name has moved', async () => {
    const { addresses, answerBy, asked } = switchable();
    await found(addresses, 'hub.lab');
    addresses.reached('hub.lab');
    let answer = (): void => undefined;
    const moved = [{ address: '127.0.0.10', family: 4 }];
    answerBy((_name, _options, reply) => (answer = () => reply(null, moved)));
    expect(await found(addresses, 'hub.lab')).toEqual([{ address: '127.0.0.9', family: 4 }]);
    answer();
    answerBy(hangs);
    expect(await found(addresses, 'hub.lab')).toEqual(moved);
    expect(asked()).toBe(3);
  });

  it('are given one by one to who wants one', async () => {
    const { addresses } = switchable();
    const one = new Promise((resolve) => addresses.lookup('hub.lab', {}, (...args) => resolve(args)));
    expect(await one).toEqual([null, '127.0.0.9', 4]);
  });
});
