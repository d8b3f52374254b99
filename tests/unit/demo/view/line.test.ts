import { describe, expect, it } from '@jest/globals';
import { bold, dim, green, paint, plain, spread, widthOf } from '../../../../src/demo/view/line.ts';

describe('paint', () => {
  const line = [green('✓ '), plain('done '), bold('now')];

  it('colours what has a style, and resets after it', () => {
    expect(paint(line, { width: 80, isColoured: true })).toBe('\x1b[32m✓ \x1b[0mdone \x1b[1mnow\x1b[0m');
  });

  it('writes text only when there are no colours', () => {
    expect(paint(line, { width: 80, isColoured: false })).toBe('✓ done now');
  });

  it('cuts at the width, counting no colour codes', () => {
    expect(paint(line, { width: 4, isColoured: true })).toBe('\x1b[32m✓ \x1b[0mdo');
  });
});

describe('spread', () => {
  it('puts the right part at the end', () => {
    const line = spread([plain('left')], [dim('right')], 20);
    expect(widthOf(line)).toBe(20);
    expect(paint(line, { width: 20, isColoured: false })).toBe('left           right');
  });

  it('keeps a gap when the line is too narrow', () => {
    expect(paint(spread([plain('left')], [dim('right')], 5), { width: 80, isColoured: false })).toBe(
      'left  right',
    );
  });
});
