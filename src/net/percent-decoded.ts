/** A part of a URL as it was meant. What is no escape stays as it is, such as the `%` of a password that was written into the URL just so. */
export function percentDecoded(part: string): string {
  return part.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
