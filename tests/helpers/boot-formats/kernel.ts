/** A kernel option as the kernel tells it from the next (`next_arg` of its `lib/cmdline.c`): spaces inside of double quotes belong to it. */
export function kernelOptions(commandLine: string): readonly string[] {
  const options: string[] = [];
  let [option, isQuoted] = ['', false];
  for (const sign of `${commandLine} `) {
    if (sign === '"') isQuoted = !isQuoted;
    if (sign !== ' ' || isQuoted) option += sign;
    else {
      if (option !== '') options.push(option);
      option = '';
    }
  }
  return isQuoted ? [...options, option.slice(0, -1)] : options;
}

/** What the kernel reads in an option: quotes around the whole, or around the value, are none of it. */
export function kernelReads(option: string): string {
  const isWhole = option.startsWith('"');
  const text = isWhole ? option.slice(1) : option;
  const at = text.indexOf('=');
  if (at === -1) return isWhole && text.endsWith('"') ? text.slice(0, -1) : text;
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  const bare = value.startsWith('"') || isWhole ? value.replace(/^"/, '').replace(/"$/, '') : value;
  return `${name}=${bare}`;
}
