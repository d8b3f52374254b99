import { describe, expect, it } from '@jest/globals';
import { bootId } from '../../src/steady-clock.ts';

describe('the id of the boot', () => {
  it('is the one of the kernel', () => {
    expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(bootId()).toBe(bootId());
  });

  it('is one of this process where that of the kernel cannot be read', () => {
    const id = bootId('/nowhere/boot_id');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(id).not.toBe(bootId());
    expect(bootId('/nowhere/boot_id')).toBe(id);
  });
});
