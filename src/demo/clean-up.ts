/** What is to be undone in the end: last in, first out, all of it, whatever else goes wrong. */
export class CleanUp {
  readonly #undo: (() => unknown)[] = [];

  later(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Undoes everything, and rejects with the first error only after that. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
