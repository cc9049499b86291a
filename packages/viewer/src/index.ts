export { viewerDocument, type DocumentParts, type EmbeddedImage } from './document.js';
export type { StartImage, ViewerStart } from './start.js';
