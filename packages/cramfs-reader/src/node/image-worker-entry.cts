/*
 * Where a thread of an ImagePool starts. Piscina loads this file with require(), and Node.js aborts
 * the whole process if a thread is terminated while it require()s an ES module (an assertion in
 * CreateRequiredModuleFacade, seen in 20.20): hence CommonJS, and import() for the rest.
 */

// At once, not with the first task: a thread may be started before there is one.
const worker = import('./image-worker.js');

async function inflate(task: never): Promise<unknown> {
  return (await worker).inflate(task);
}

async function write(task: never): Promise<unknown> {
  return (await worker).write(task);
}

module.exports = { inflate, write };
