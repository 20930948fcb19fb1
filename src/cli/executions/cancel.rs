//! `ringback cancel`: ends executions, queued or running. One that has ended already stays as it ended,
//! and is no failure.

use super::each::each;
use super::interrupt::{go_on, or_interrupted};
use super::{ids, page};
use crate::cli::args::executions::CancelArgs;
use crate::cli::client::Client;
use crate::cli::exit::Failure;
use crate::cli::progress::Progress;

pub(super) async fn cancel(args: CancelArgs) -> Result<(), Failure> {
    let ids = ids::all(&args.ids)?;
    let client = Client::new(args.server)?;
    let reason = args.reason.as_deref();
    let work = async |id: &str| {
        let cancelled = client.typed().cancelled(id, reason).await?;
        if !args.wait {
            return Ok(cancelled);
        }
        let _progress = Progress::new(format!("waiting for the end of {id}"));
        Ok(client.typed().waited(id, None).await?)
    };
    let all = each(&ids, args.output, page::line, work);
    or_interrupted(all, || go_on(&ids)).await.map(drop)
}
