/** What iPXE gives to the kernel: `core/exec.c` of its source. Settings are empty, but for the one that names the network card. */
export function ipxeGivesKernel(file: string): string {
  const line = file.split('\n').find((text) => text.startsWith('imgargs ')) ?? '';
  const tokens = line.split(/\s+/).filter((token) => token !== '');
  const end = tokens.findIndex((token) => token.startsWith('#') || ['||', '&&', ';'].includes(token));
  if (end !== -1) throw new Error(`iPXE ends the command at ${tokens[end]} in ${line}`);
  return tokens.slice(2).map(expanded).join(' ');
}

/** iPXE expands the last `${` before the first `}` after one, until there is nothing left to expand. */
function expanded(token: string): string {
  const [whole, name = ''] = /\$\{((?:(?!\$\{)[^}])*)\}/.exec(token) ?? [];
  if (whole === undefined) return token;
  return expanded(token.replace(whole, () => (name === 'netX/mac:hexhyp' ? '52-54-00-00-00-01' : '')));
}
