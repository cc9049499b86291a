import { parentPort, type Worker } from 'node:worker_threads';
import { onDeath } from 'cramfs-archive/node';
import { CramfsError, isCramfsError, type CramfsErrorCode } from 'cramfs-format';

/** What a thread is asked. */
interface Asking<Question> {
  readonly task: Question;
}

/** What a thread says to a question. An error that is known has lost its class on the way. */
type Reply<Answer> =
  | { readonly answer: Answer }
  | { readonly failure: { code: CramfsErrorCode; message: string; path: string | undefined } }
  | { readonly error: unknown };

interface Asked<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread that answers questions in the order in which they were asked; see {@link answerQuestions}. */
export class WorkerThread<Question, Answer> {
  private readonly worker: Worker;
  private readonly asked: Asked<Answer>[] = [];
  private death: Error | undefined;

  /** @param worker it starts while the caller continues, and finds what it has been asked meanwhile. */
  constructor(worker: Worker) {
    this.worker = worker;
    worker.on('message', (reply: Reply<Answer>) => {
      this.take(reply);
    });
    onDeath(worker, (reason) => {
      this.death = reason;
      for (const { reject } of this.asked.splice(0)) reject(reason);
    });
  }

  /** The number of questions that it has not answered. */
  get pending(): number {
    return this.asked.length;
  }

  /**
   * @param memory is moved to the thread, not copied.
   * @throws what the thread has thrown, or the reason why it has died.
   */
  ask(question: Question, memory: readonly ArrayBufferLike[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.death !== undefined) {
        reject(this.death);
        return;
      }
      const message: Asking<Question> = { task: question };
      this.worker.postMessage(message, memory as ArrayBuffer[]);
      this.asked.push({ resolve, reject });
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private take(reply: Reply<Answer>): void {
    const asked = this.asked.shift();
    if ('answer' in reply) {
      asked?.resolve(reply.answer);
    } else if ('failure' in reply) {
      const { code, message, path } = reply.failure;
      asked?.reject(new CramfsError(code, message, { path }));
    } else {
      asked?.reject(reply.error);
    }
  }
}

/** An answer, and its memory, which is moved to the thread that has asked. */
export interface Answered<Answer> {
  readonly answer: Answer;
  readonly memory: readonly ArrayBufferLike[];
}

/** Makes the current thread one that a {@link WorkerThread} can ask. */
export function answerQuestions<Answer>(
  answer: (question: unknown) => Answered<Answer> | Promise<Answered<Answer>>,
): void {
  const port = parentPort!;
  const reply = async (question: unknown): Promise<void> => {
    try {
      const { answer: given, memory } = await answer(question);
      port.postMessage({ answer: given } satisfies Reply<Answer>, memory as ArrayBuffer[]);
    } catch (error) {
      if (!isCramfsError(error)) port.postMessage({ error } satisfies Reply<Answer>);
      else {
        const { code, message, path } = error;
        port.postMessage({ failure: { code, message, path } } satisfies Reply<Answer>);
      }
    }
  };
  // One after the other, even if the first waits for a module.
  let last = Promise.resolve();
  port.on('message', ({ task }: Asking<unknown>) => {
    last = last.then(() => reply(task));
  });
}
