let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (piece) => { input += piece; });
process.stdin.on('end', () => console.log(input.length, JSON.stringify(input.slice(-40))));
