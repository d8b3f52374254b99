import { format } from 'node:util';

/**
 * Takes the place of y18n in the bundle, by which yargs translates its words: those files are found from where yargs lies in node_modules.
 * From the bundle they would be looked for beside the project's folder, by a name that the environment gives (LC_ALL, LANG).
 */
export default function untranslated() {
  return {
    locale: 'en',
    getLocale: () => 'en',
    setLocale: () => undefined,
    updateLocale: () => undefined,
    /** @type {(text: string, ...values: unknown[]) => string} */
    __: (text, ...values) => format(text, ...values),
    /** @type {(one: string, many: string, count: number, ...values: unknown[]) => string} */
    __n: (one, many, count, ...values) => {
      const text = count === 1 ? one : many;
      return format(text, ...(text.includes('%d') ? [count, ...values] : values));
    },
  };
}
