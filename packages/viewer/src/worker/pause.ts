/** The parts of a MessagePort used here: the types of Node.js, where tests run, lack `onmessage`. */
interface Port {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** Lets messages that have arrived meanwhile be handled. */
export function messagesFirst(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 }: Record<'port1' | 'port2', Port> = new MessageChannel() as never;
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
