import { render } from 'preact';
import { ELEMENTS } from '../start.js';
import { App } from './app.js';
import { startWorker } from './ask.js';
import { readStart, workerCode } from './load.js';

const root = document.getElementById(ELEMENTS.root);
if (root !== null) {
  render(<App ask={startWorker(workerCode())} start={readStart()} />, root);
}
