console.log('before');
function inner() { throw new TypeError('it is thrown', { cause: new Error('this') }); }
setTimeout(() => console.log('never'), 1000);
inner();
