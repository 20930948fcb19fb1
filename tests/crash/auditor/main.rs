//! Says whether a server kept its promises, from what clients, receivers, the database and the
//! kernel know. Shares no code with the server.

fn main() {}
