/*
 * Where a thread of an ImagePool starts. Piscina loads this file with require(), and Node.js aborts
 * the whole process if a thread is terminated while it require()s an ES module (an assertion in
 * CreateRequiredModuleFacade, seen in 20.20): hence CommonJS, and import() for the rest.
 */

async function inflate(task: never): Promise<unknown> {
  return (await import('./image-worker.js')).inflate(task);
}

async function write(task: never): Promise<unknown> {
  return (await import('./image-worker.js')).write(task);
}

module.exports = { inflate, write };
