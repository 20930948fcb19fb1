//! The doctor's look at a server that runs: what it says of itself, and what that means. Asks only
//! what any key with the scope `metrics:read` may ask, and changes nothing.

mod figures;
mod verdict;

use serde_json::Value;

use self::figures::Figures;
use super::super::args::ServerArgs;
use super::super::client::Client;
use super::super::exit::Failure;
use super::finding::{Finding, Mark};

/// How many deliveries are looked at for the receivers that are behind.
const DELIVERIES: u64 = 200;

/// What a server has said of itself.
struct Told {
    /// `/readyz?verbose`.
    readiness: Value,
    /// `/metrics`.
    figures: Figures,
    /// Pending deliveries; nothing when the key may not see them.
    pending: Option<Vec<Value>>,
}

/// Whether something is in the way of a server, topic by topic.
///
/// # Errors
/// When it does not let us ask. That nobody answers is a finding.
pub(super) async fn findings(args: ServerArgs) -> Result<Vec<Finding>, Failure> {
    let server = args.server.clone();
    let client = Client::new(args)?;
    match ask(&client).await {
        Ok(told) => Ok(verdict::findings(&told)),
        Err(Failure::Unreachable(why)) => {
            let finding = Finding::new("server", Mark::Bad, why).fact("server", server);
            let hint = "the end of its log says how it ended: `journalctl -u ringback -e`";
            Ok(vec![finding.fact("reachable", false).detail(hint)])
        }
        Err(failure) => Err(failure),
    }
}

async fn ask(client: &Client) -> Result<Told, Failure> {
    let verbose = vec![("verbose".to_owned(), "true".to_owned())];
    let answer = client.look(&["readyz"], verbose).await?;
    // One that is not ready says so with 503, and why.
    let readiness: Option<Value> = serde_json::from_slice(&answer.bytes).ok();
    let readiness = readiness.filter(|body| body["ready"].is_boolean());
    let readiness = readiness.ok_or_else(|| client.failure(&answer))?;
    let answer = client.look(&["metrics"], Vec::new()).await?;
    if answer.status != 200 {
        return Err(client.failure(&answer));
    }
    let figures = Figures::read(&String::from_utf8_lossy(&answer.bytes));
    Ok(Told { readiness, figures, pending: pending(client).await? })
}

/// The deliveries that are pending, the newest of them; nothing when the key may not see them.
async fn pending(client: &Client) -> Result<Option<Vec<Value>>, Failure> {
    let query = [("status", "pending".to_owned()), ("limit", DELIVERIES.to_string())];
    let query = query.map(|(name, value)| (name.to_owned(), value)).into();
    match client.find(&["v1", "deliveries"], query).await {
        Ok(page) => Ok(page["data"].as_array().cloned()),
        Err(Failure::Auth(_)) => Ok(None),
        // A store that cannot be read is found by its check.
        Err(Failure::Failed(_)) => Ok(Some(Vec::new())),
        Err(failure) => Err(failure),
    }
}
