import { describe, expect, it } from '@jest/globals';
import { KernelOptions } from '../../../../src/actions/netboot/kernel-options.ts';

const take = (text: string, name: string): [readonly string[], string] => {
  const { values, rest } = new KernelOptions(text).take(name);
  return [values, rest.text];
};

describe('KernelOptions', () => {
  it('gives the values of an option, and the others without it', () => {
    expect(take('quiet initrd=/a.img ks=x initrd=/b.img', 'initrd')).toEqual([
      ['/a.img', '/b.img'],
      'quiet ks=x',
    ]);
  });

  it('changes nothing, not even the spaces, where the option is not', () => {
    expect(take('  quiet  ks=x ', 'initrd')).toEqual([[], '  quiet  ks=x ']);
    expect(take('myinitrd=/a initrd', 'initrd')).toEqual([[], 'myinitrd=/a initrd']);
  });

  it('takes an option without a value for none', () => {
    expect(take('quiet netbootloader=', 'netbootloader')).toEqual([[], 'quiet']);
  });
});
