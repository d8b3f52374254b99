/** Text between double quotes, as yaboot and ELILO read it. */
export function quotedString(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
