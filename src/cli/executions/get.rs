//! `ringback get`: executions as they stand. Changes nothing.

use super::each::each;
use super::{ids, page};
use crate::app::wall_clock;
use crate::cli::args::executions::GetArgs;
use crate::cli::client::Client;
use crate::cli::exit::Failure;

pub(super) async fn get(args: GetArgs) -> Result<(), Failure> {
    let ids = ids::all(&args.ids)?;
    let client = Client::new(args.server)?;
    let now = wall_clock().now();
    let tell = |record: &_| page::page(record, now);
    let work = async |id: &str| client.get(&["v1", "executions", id]).await;
    each(&ids, args.output, tell, work).await.map(drop)
}
