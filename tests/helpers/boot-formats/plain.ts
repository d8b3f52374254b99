/** What PXELINUX gives to the kernel: the rest of the line `append` (`readconfig.c` of its source), of less than 4096 bytes. */
export function pxelinuxGivesKernel(file: string): string {
  const line = lineOf(file, 'append');
  if (Buffer.byteLength(line) > 4090) throw new Error('PXELINUX reads a long line as two');
  return line;
}

/** What GRUB Legacy gives to the kernel: the rest of the line `kernel`, after the kernel's name. */
export function grubLegacyGivesKernel(file: string): string {
  return lineOf(file, 'kernel').replace(/^\S+ /, '');
}

/** What Petitboot gives to the kernel: `parser-conf.c` of its source. */
export function petitbootGivesKernel(file: string): string {
  const line = lineOf(file, 'append').replaceAll(/^["'\s]+|["'\s]+$/g, '');
  if (line.startsWith('#')) throw new Error('Petitboot takes the line for a comment');
  return line;
}

/** What zPXE gives to the kernel: the cards one after the other, in EBCDIC. */
export function zpxeGivesKernel(file: string): string {
  const cards = file.split('\n').slice(0, -1);
  if (cards.some((card) => card.length > 80)) throw new Error('a card has 80 columns');
  return readAscii(cards.join(''));
}

/** What U-Boot gives to the kernel: `pxe_utils.c` and `cli_simple.c` of its source, and those of before 2014, which change nothing. */
export function ubootGivesKernel(file: string): string {
  const line = lineOf(file, 'append');
  if (line.startsWith('#')) throw new Error('U-Boot takes the line for a comment');
  const [sign] = /\\|'|\$[({]/.exec(line) ?? [];
  if (sign !== undefined) throw new Error(`U-Boot has a meaning of its own for ${sign}`);
  return line;
}

/** What yaboot and ELILO read in `append="…"`: `second/cfg.c` and `config.c` of their sources. */
export function stringGivesKernel(file: string): string {
  const [, text = ''] = /^ *append="((?:[^"\\]|\\["\\])*)"$/m.exec(file) ?? [];
  return text.replaceAll(/\\(["\\])/g, '$1');
}

/** What ELILO gives to the kernel, which knows ASCII only and has variables of one letter. */
export function eliloGivesKernel(file: string): string {
  const text = readAscii(stringGivesKernel(file));
  if (/%[A-Za-z]/.test(text)) throw new Error('ELILO may put a value in place of a letter');
  return text;
}

function lineOf(file: string, keyword: string): string {
  const line = file.split('\n').find((text) => text.trimStart().startsWith(`${keyword} `)) ?? '';
  return line.trim().slice(keyword.length).trimStart();
}

function readAscii(text: string): string {
  if (/[^ -~]/u.test(text)) throw new Error(`expected ASCII, found ${text}`);
  return text;
}
