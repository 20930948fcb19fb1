const Module = require('module');
console.log(Object.keys(require.cache), Object.keys(Module._pathCache), Object.keys(Module._cache));
console.log(process._preload_modules, Object.getOwnPropertyDescriptor(process, '_preload_modules'));
console.log(Object.keys(require.extensions), Module.globalPaths, Module.builtinModules.length);
console.log(Object.getOwnPropertyNames(globalThis), Object.getOwnPropertyNames(process).sort());
require('fs').writeFileSync('own.js', 'exports.parent = module.parent.id; exports.here = __filename');
console.log(require(process.cwd() + '/own.js'), module.children.length, Object.keys(require.cache));
try { require('./missing'); } catch (error) { console.log(error); }
