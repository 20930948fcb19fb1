//! The bodies of requests as types: what a client sends, and the document says. The server reads each
//! field by hand, to name all that is wrong with a request at once; a test holds the two together.
//! `NewExecution { code, ..NewExecution::default() }` is a request. Checks nothing.

mod calling;
mod execution;
mod function;
mod small;

pub use calling::{WantedLimits, WantedRetry};
pub use execution::NewExecution;
pub use function::{FunctionCall, FunctionDefinition};
pub use small::{Cancellation, NewApiKey, NewRecovery, Nothing, Ping, Rotation};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_does_not_say_is_not_sent() {
        let new = NewExecution { code: "print(1)".to_owned(), ..NewExecution::default() };
        assert_eq!(serde_json::to_string(&new).unwrap(), r#"{"code":"print(1)"}"#);
        assert_eq!(serde_json::to_string(&FunctionCall::default()).unwrap(), "{}");
        assert_eq!(serde_json::to_string(&Cancellation::default()).unwrap(), "{}");
    }

    #[test]
    fn what_is_secret_in_a_request_is_not_printed() {
        let secrets = |name: &str| [(name.to_owned(), "s3cret".to_owned())].into();
        let url = || Some("https://user.example/?token=s3cret".to_owned());
        let new = NewExecution {
            env: secrets("A"),
            callback_url: url(),
            callback_headers: secrets("x-b"),
            callback_signature_secret: Some("s3cret".to_owned()),
            ..NewExecution::default()
        };
        let definition =
            FunctionDefinition { env: secrets("A"), callback_url: url(), ..Default::default() };
        let call = FunctionCall { env: secrets("A"), callback_url: url(), ..Default::default() };
        let ping = Ping { headers: secrets("x-b"), ..Ping::default() };
        let printed = format!("{new:?} {definition:?} {call:?} {ping:?}");
        assert!(!printed.contains("s3cret"), "{printed}");
    }
}
