/**
 * Takes the place of escalade in the bundle, by which yargs looks for a package.json of its user's. In the bundle it would begin in the working
 * directory, which may be below one that others write to: a FIFO there would hold up the start for ever.
 */
export default function nothingAbove() {
  return undefined;
}
