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
    const words = this.text.split(/\s+/).filter((word) => word !== '');
    const own = words.filter((word) => word.startsWith(`${name}=`));
    if (own.length === 0) return { values: [], rest: this };
    const values = own.map((word) => word.slice(name.length + 1)).filter((value) => value !== '');
    return { values, rest: new KernelOptions(words.filter((word) => !own.includes(word)).join(' ')) };
  }

  /** The command line that a boot loader gives to the kernel; the installed system learns from it how it was booted. */
  commandLine(method: string): string {
    return `${this.text} netboot_method=${method}`;
  }
}
