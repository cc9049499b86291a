export { viewerTemplate } from './template.js';
