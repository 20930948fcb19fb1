//! `ringback logs`: what a program has written, byte for byte, so far or until its end.
//! Says nothing of its own on stdout.

use super::follow::{Shown, follow};
use super::ids;
use super::interrupt::{go_on, or_interrupted};
use crate::cli::args::executions::LogsArgs;
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::client::Stream;

pub(super) async fn logs(args: LogsArgs) -> Result<(), Failure> {
    let id = ids::one(&args.id)?;
    let shown = match (args.stdout, args.stderr) {
        (true, _) => Shown::Only(Stream::Stdout),
        (_, true) => Shown::Only(Stream::Stderr),
        _ => Shown::Both,
    };
    let client = Client::new(args.server)?;
    if args.follow {
        let ids = [id];
        let followed = follow(&client, &ids[0], shown);
        return or_interrupted(followed, || go_on(&ids)).await.map(drop);
    }
    for stream in [Stream::Stdout, Stream::Stderr] {
        if shown.has(stream) {
            let output = client.typed().output(&id, stream).await.map_err(Failure::from)?;
            shown.write(stream, &output.bytes)?;
        }
    }
    Ok(())
}
