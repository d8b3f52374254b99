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

  it("separates options by what the hub's language takes for white space, which U+FEFF is not", () => {
    expect(take('quiet\u00a0initrd=/a\u3000ks=x', 'initrd')).toEqual([['/a'], 'quiet ks=x']);
    expect(take('quiet\ufeffinitrd=/a ks=x', 'initrd')).toEqual([[], 'quiet\ufeffinitrd=/a ks=x']);
    expect(take('initrd=/a\ufeff ks=x', 'initrd')).toEqual([['/a\ufeff'], 'ks=x']);
  });

  it('leaves alone what is inside of double quotes, as the kernel does', () => {
    expect(take('a="b  initrd=/c  d" initrd=/e', 'initrd')).toEqual([['/e'], 'a="b  initrd=/c  d"']);
    expect(take('a="b initrd=/c', 'initrd')).toEqual([[], 'a="b initrd=/c']);
  });

  it('writes each option of the command line as it is told, and leaves the spaces between them', () => {
    const options = new KernelOptions(' quiet  a="b c"d "e" ');
    expect(options.commandLine('pxe')).toBe(' quiet  a="b c"d "e"  netboot_method=pxe');
    expect(options.commandLine('pxe', (option) => `<${option}>`)).toBe(
      ' <quiet>  <a="b c"d> <"e">  <netboot_method=pxe>',
    );
  });
});
