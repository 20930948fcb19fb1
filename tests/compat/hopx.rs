//! HopX's three clients: Python's, its asynchronous one, and JavaScript's.

mod again;
mod asynchronous;
mod beside;
mod client;
mod control;
mod stream;
mod tokens;
