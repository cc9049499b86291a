export { compress as lzmaCompress, decompress as lzmaDecompress } from 'lzma1';
