//! `ringback deliveries`: what became of callbacks, why, and sending them again; a client of a
//! running server. The words are in the files below; this one knows the order of things.

mod attempts;
mod delivery;
mod get;
mod list;
mod recover;
mod redeliver;
mod trial;
mod why;

use std::process::ExitCode;

use serde_json::Value;

use super::args::DeliveriesCommand;
use super::client::Client;
use super::exit::Failure;
use super::rows::rows;

pub(super) fn deliveries(command: DeliveriesCommand) -> Result<ExitCode, Failure> {
    let system = actix::System::new();
    system.block_on(async {
        match command {
            DeliveriesCommand::List(args) => list::list(args).await,
            DeliveriesCommand::Get(args) => get::get(args).await,
            DeliveriesCommand::Redeliver(args) => redeliver::redeliver(args).await,
            DeliveriesCommand::Recover(args) => recover::recover(args).await,
            DeliveriesCommand::Test(args) => trial::trial(args).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What somebody asks about by an id.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Delivery(String),
    Execution(String),
    /// The end of an execution, which is called as the execution is.
    Event(String),
}

impl Asked {
    /// Reads an id of any kind.
    fn about(id: &str) -> Result<Self, Failure> {
        let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match id.split_once('_') {
            Some(("dlv", _)) if is_plain => Ok(Self::Delivery(id.to_owned())),
            Some(("exec", _)) if is_plain => Ok(Self::Execution(id.to_owned())),
            Some(("evt", _)) if is_plain => Ok(Self::Event(id.to_owned())),
            // What Fetch Hive calls a run is an execution by another name.
            Some(("req", uuid)) if is_plain => Ok(Self::Execution(format!("exec_{uuid}"))),
            _ => Err(Failure::usage(format!(
                "{id}: expected the id of a delivery (dlv_…), an execution (exec_…), an event (evt_…) or a \
                 run (req_…)"
            ))),
        }
    }

    /// The deliveries that are meant, with every attempt.
    async fn deliveries(&self, client: &Client) -> Result<Vec<Value>, Failure> {
        match self {
            Self::Delivery(id) => Ok(vec![client.get(&["v1", "deliveries", id]).await?]),
            Self::Execution(id) => of_execution(client, id).await,
            Self::Event(id) => {
                let of_all = of_execution(client, &id.replacen("evt_", "exec_", 1)).await;
                let mut found = match of_all {
                    // Only the server's word about the event would be right, and it has none.
                    Err(Failure::NotFound(_)) => Vec::new(),
                    of_all => of_all?,
                };
                found.retain(|delivery| delivery["event_id"] == *id);
                if found.is_empty() {
                    return Err(Failure::NotFound(format!(
                        "{id} is the end of no execution; events before the end are found by the id of their \
                         execution (exec_…)"
                    )));
                }
                Ok(found)
            }
        }
    }
}

async fn of_execution(client: &Client, id: &str) -> Result<Vec<Value>, Failure> {
    client.get(&["v1", "executions", id, "deliveries"]).await.map(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_is_meant() {
        let asked = |id| Asked::about(id).ok();
        assert_eq!(asked("dlv_1"), Some(Asked::Delivery("dlv_1".to_owned())));
        assert_eq!(asked("exec_1"), Some(Asked::Execution("exec_1".to_owned())));
        assert_eq!(asked("evt_1"), Some(Asked::Event("evt_1".to_owned())));
        assert_eq!(asked("req_1"), Some(Asked::Execution("exec_1".to_owned())), "of Fetch Hive");
        for bad in ["", "1", "..", "dlv_/../x", "key_1", "exec"] {
            assert_eq!(asked(bad), None, "{bad}");
        }
    }
}
