/** Counts what waits, by system: told of each change, since to count a backlog anew for each announcement would take the most of it. */
export class WaitingCounts {
  readonly #bySystem = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** How many wait, by FQDN; systems without are left out. */
  get bySystem(): ReadonlyMap<string, number> {
    return this.#bySystem;
  }

  /** One more waits for system `fqdn`. */
  add(fqdn: string): void {
    this.#total += 1;
    this.#bySystem.set(fqdn, (this.#bySystem.get(fqdn) ?? 0) + 1);
  }

  /** One that was added waits no longer. */
  remove(fqdn: string): void {
    this.#total -= 1;
    const left = (this.#bySystem.get(fqdn) ?? 0) - 1;
    if (left > 0) this.#bySystem.set(fqdn, left);
    else this.#bySystem.delete(fqdn);
  }
}
