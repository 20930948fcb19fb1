process.stdout.write('half'); process.on('exit', (code) => console.log(' and', code)); process.exit(7);
