import { UncarriedOptionError } from '../uncarried-option-error.ts';

/** A setting that iPXE does not have, which it expands to nothing. */
const NOTHING = '${beaker-nothing}';

/**
 * A kernel option or a file name as iPXE reads it. iPXE has no quotes: it splits a line at its spaces, looks for the words that end a command
 * or begin a comment, expands settings within each word, and joins the words with one space.
 * @throws UncarriedOptionError for `${…}`: iPXE expands until there is nothing left to expand
 */
export function ipxeText(text: string): string {
  return text.split(' ').map(word).join(' ');
}

function word(text: string): string {
  const begin = text.indexOf('${');
  if (begin !== -1 && text.includes('}', begin)) throw new UncarriedOptionError('iPXE', 'expands ${…}', text);
  const isEmptyOrSyntax = text === '' || text.startsWith('#') || ['||', '&&', ';'].includes(text);
  return isEmptyOrSyntax ? `${NOTHING}${text}` : text;
}
