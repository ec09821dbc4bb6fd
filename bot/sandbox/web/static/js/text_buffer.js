/** What is typed into the text inputs of forms: kept here at once, told to the sandbox a moment later. */

const PAUSE = 250; // milliseconds without a key
const buffers = new Map();

export class TextBuffer {
  /**
   * The buffer of one field, which stays the same when the field is drawn again.
   * @param {string} id
   */
  static of(id) {
    if (!buffers.has(id)) buffers.set(id, new TextBuffer());
    return buffers.get(id);
  }

  /** Tells everything that was typed, before something else is done. */
  static async flush() {
    await Promise.all([...buffers.values()].map((one) => one.tell()));
  }

  /** What was typed; null: nothing yet. */
  text = null;
  #timer = 0;
  #send = null;
  #telling = Promise.resolve();

  /** Keeps what was typed; `send` tells it. */
  typed(text, send) {
    this.text = text;
    this.#send = send;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tell(), PAUSE);
  }

  /** Tells what was typed and not told yet. */
  tell() {
    clearTimeout(this.#timer);
    const send = this.#send;
    this.#send = null;
    if (send) this.#telling = this.#telling.then(() => send(this.text)).catch(() => {});
    return this.#telling;
  }
}
