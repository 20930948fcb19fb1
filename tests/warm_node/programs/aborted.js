console.log('now'); process.abort();
