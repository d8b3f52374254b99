/**
 * Whether a file of this name in CONSOLE_LOGS is a console log of the system: `FQDN`, `FQDN-…`, `FQDN_…`, or `FQDN` with endings that
 * rotating and packing leave (`.log`, `.1`, `.2026-11-28`, `.gz`, `.old`, …). Any other name after a dot may be that of another system.
 */
export function isLogOf(fqdn: string, name: string): boolean {
  if (!name.startsWith(fqdn)) return false;
  const rest = name.slice(fqdn.length);
  return rest === '' || rest.startsWith('-') || rest.startsWith('_') || ENDINGS.test(rest);
}

/** A number, a date, or a date and time, in any of the usual ways: 1, 20261128, 2026-11-28, 2026-11-28_12:30. */
const STAMP = String.raw`\d+(?:[-_:T]\d+)*`;

/** As in `.log.1.gz`, `.log-20261128.gz` and `.2026-11-28`. */
const ENDINGS = new RegExp(String.raw`^(?:\.(?:${STAMP}|(?:log|old|gz|xz|bz2)(?:[-_]${STAMP})?))+$`);
