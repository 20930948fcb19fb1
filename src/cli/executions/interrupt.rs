//! Ctrl-C while a command waits for executions: it ends the command and nothing else.
//! Cancels none.

use std::future::Future;

use crate::cli::exit::Failure;

/// Does something to its end, or until Ctrl-C; then `sentence` says what goes on all the same.
pub(super) async fn or_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    sentence: impl FnOnce() -> String,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        heard = tokio::signal::ctrl_c() => {
            heard.map_err(Failure::failed)?;
            Err(Failure::Interrupted(sentence()))
        }
    }
}

/// What is said of executions that go on.
pub(super) fn go_on(ids: &[String]) -> String {
    match ids {
        [id] => format!("interrupted; {id} goes on, and `ringback cancel {id}` would end it"),
        _ => "interrupted; the executions go on, and `ringback cancel` would end them".to_owned(),
    }
}
