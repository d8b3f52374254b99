import { trimmed } from '../../white-space.ts';

/** An option as the kernel tells it from the next: spaces inside of double quotes belong to it. */
const OPTION = /(?:[^ "]+|"[^"]*(?:"|$))+/g;

/** Kernel options as the hub gives them, and what becomes of them when a boot loader takes some out. */
export class KernelOptions {
  /** As they go on the kernel's command line, spaces and all. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * The values of all options `name=VALUE`, and the options without them. Where there is none nothing changes, not even the spaces.
   */
  take(name: string): { readonly values: readonly string[]; readonly rest: KernelOptions } {
    const options = separated(this.text);
    const others = options.filter((option) => !option.startsWith(`${name}=`));
    if (others.length === options.length) return { values: [], rest: this };
    const own = options.filter((option) => option.startsWith(`${name}=`));
    const values = own.map((option) => option.slice(name.length + 1)).filter((value) => value !== '');
    return { values, rest: new KernelOptions(others.join(' ')) };
  }

  /**
   * The command line that a boot loader gives to the kernel; the installed system learns from it how it was booted. `write` says how an
   * option is written in the boot loader's file.
   */
  commandLine(method: string, write: (option: string) => string = asItIs): string {
    return `${this.text} netboot_method=${method}`.replaceAll(OPTION, (option) => write(option));
  }
}

/** The options that the hub's white space separates; inside of double quotes it separates none. */
function separated(text: string): readonly string[] {
  const options: string[] = [];
  let [start, isQuoted] = [0, false];
  for (let at = 0; at <= text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') isQuoted = !isQuoted;
    const isInside = at < text.length && (isQuoted || trimmed(character) !== '');
    if (isInside) continue;
    if (at > start) options.push(text.slice(start, at));
    start = at + 1;
  }
  return options;
}

function asItIs(option: string): string {
  return option;
}
