/*
 * Where a compression thread starts. Piscina loads this file with require(), and Node.js aborts the
 * whole process if a thread is terminated while it require()s an ES module (an assertion in
 * CreateRequiredModuleFacade, seen in 20.20): hence CommonJS, and import() for the rest.
 */

// At once, not with the first batch: the thread is started before there is one.
const worker = import('./compress-worker.js');

async function run(batch: never): Promise<unknown> {
  const { default: compress } = await worker;
  return compress(batch);
}

module.exports = run;
