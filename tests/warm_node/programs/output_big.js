const line = 'x'.repeat(1023) + '\n';
for (let i = 0; i < 3000; i += 1) process.stdout.write(line);
process.stderr.write('e'.repeat(200000) + '\n');
