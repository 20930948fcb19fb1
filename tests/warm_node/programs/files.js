const fs = require('fs/promises');
(async () => {
  await fs.writeFile('a', 'b');
  await fs.writeFile(process.env.RINGBACK_RESULT, '{"answer": 42}');
  console.log(await fs.readFile('a', 'utf8'), require('os').homedir(), require('os').tmpdir());
  console.log(require('crypto').createHash('sha256').update('a').digest('hex'));
  console.log(require('zlib').gunzipSync(require('zlib').gzipSync('packed')).toString());
})();
