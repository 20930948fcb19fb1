import fs from 'node:fs';
console.log(import.meta.url, fs.existsSync('/execution'), typeof require, await Promise.resolve(1));
export default 1;
