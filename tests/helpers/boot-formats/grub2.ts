/** What GRUB 2 gives to the kernel: its script language after the chapter "Shell-like scripting" of its manual, and `lib/cmdline.c` of 2.06. */
export function grub2GivesKernel(file: string): string {
  const line = file.split('\n').find((text) => /^linux\w* /.test(text)) ?? '';
  const [, , ...given] = scriptWords(line);
  return given.map(written).join(' ');
}

/** GRUB's own quoting of what it gives to the kernel. */
function written(argument: string): string {
  const escaped = argument.replaceAll(/["'\\]/g, String.raw`\$&`);
  return argument.includes(' ') ? `"${escaped}"` : escaped;
}

/** The words of a line that is one command, without variables, comments and double quotes. */
function scriptWords(line: string): readonly string[] {
  const parts = [...line.matchAll(/ +|'([^']*)'|([^ '])/g)];
  const words = [''];
  for (const [whole, quoted, bare] of parts) {
    if (quoted === undefined && bare === undefined) words.push('');
    else if (bare !== undefined && /[{}|&$;<>"\\#*?[\]]/.test(bare)) {
      throw new Error(`GRUB has a meaning of its own for ${whole} in ${line}`);
    } else words.push(`${words.pop() ?? ''}${quoted ?? bare ?? ''}`);
  }
  return words;
}
