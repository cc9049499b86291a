import { render } from 'preact';
import { ELEMENTS } from '../start.js';
import { App } from './app.js';
import { startWorker } from './ask.js';
import { elementText, readStart } from './load.js';

const root = document.getElementById(ELEMENTS.root);
if (root !== null) {
  render(<App ask={startWorker(elementText(ELEMENTS.worker))} start={readStart()} />, root);
}
