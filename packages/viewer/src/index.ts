export { viewerDocument, type DocumentParts, type EmbeddedImage } from './document.js';
export type { StartImage, ViewerStart } from './start.js';
export { shownCheck, type ShownCheck, type ShownFinding } from './model/findings.js';
export { withoutFileData } from './model/without-data.js';
