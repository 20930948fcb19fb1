//! The client of a running server, for every command that is one: `ringback::Client` as the arguments
//! name it, with its errors as sentences and exit codes. Prints nothing, and knows no route.

use serde_json::Value;

use super::args::ServerArgs;
use super::exit::Failure;
use super::terminal::tame;
use crate::client::{self, Answer, Ask, Error, SettingsError, sentences};

/// Names us to the server.
const USER_AGENT: &str = concat!("ringback-cli/", env!("CARGO_PKG_VERSION"));

/// Speaks to one server. Must be used inside an actix system.
pub(super) struct Client(client::Client);

impl Client {
    /// A client of the server that the arguments name.
    pub(super) fn new(args: ServerArgs) -> Result<Self, Failure> {
        let mut builder = client::Client::builder(args.server).user_agent(USER_AGENT);
        if let Some(token) = args.token.filter(|token| !token.is_empty()) {
            builder = builder.token(token);
        }
        if let Some(path) = args.ca_file {
            builder = builder.ca_file(path);
        }
        builder.build().map(Self).map_err(|error| match error {
            // What was typed is not repeated: it may have a password in it.
            SettingsError::Server => Failure::usage(
                "--server (RINGBACK_SERVER): expected a URL such as http://127.0.0.1:8080, \
                 without user, query or fragment",
            ),
            SettingsError::Token => {
                Failure::usage("--token has a character that no token can have")
            }
            error => Failure::usage(error),
        })
    }

    /// The typed client itself, whose errors become failures by `?`.
    pub(super) fn typed(&self) -> &client::Client {
        &self.0
    }

    /// The JSON at a path, whose parts may be anything.
    pub(super) async fn get(&self, path: &[&str]) -> Result<Value, Failure> {
        Ok(self.0.json(Ask::get(path)).await?)
    }

    /// The JSON at a path with a query.
    pub(super) async fn find(
        &self,
        path: &[&str],
        query: Vec<(String, String)>,
    ) -> Result<Value, Failure> {
        Ok(self.0.json(Ask::get(path).query(query)).await?)
    }

    /// What is answered to a JSON body, or to none.
    pub(super) async fn post(&self, path: &[&str], body: Option<&Value>) -> Result<Value, Failure> {
        let ask = Ask::post(path);
        let ask = match body {
            Some(body) => ask.json(body),
            None => ask,
        };
        Ok(self.0.json(ask).await?)
    }

    /// Whatever is answered at a path, with its status: for who can make something of any.
    pub(super) async fn look(
        &self,
        path: &[&str],
        query: Vec<(String, String)>,
    ) -> Result<Answer, Failure> {
        Ok(self.0.whatever(Ask::get(path).query(query)).await?)
    }

    /// The failure that an answer stands for.
    pub(super) fn failure(&self, answer: &Answer) -> Failure {
        self.0.error(answer).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let sentence = told(&error);
        match error {
            Error::Unreachable { .. } | Error::TimedOut { .. } => Self::Unreachable(format!(
                "{sentence}: is `ringback serve` running there? --server or RINGBACK_SERVER names another"
            )),
            Error::BrokenOff { .. } => Self::Unreachable(sentence),
            Error::Problem { .. } | Error::Foreign { .. } => match error.status() {
                Some(401) => Self::Auth(format!(
                    "{sentence}\n--token or RINGBACK_TOKEN takes the API key that `ringback serve` printed \
                     at its first start"
                )),
                Some(403) => Self::Auth(sentence),
                Some(404) => Self::NotFound(sentence),
                Some(400 | 422) => Self::Usage(sentence),
                _ => Self::Failed(sentence),
            },
        }
    }
}

/// An error in words that command no terminal.
fn told(error: &Error) -> String {
    match error {
        Error::Problem { problem, .. } => {
            sentences(problem).iter().map(|text| tame(text)).collect::<Vec<_>>().join("\n")
        }
        error => tame(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::bodies::{FieldError, Problem};

    fn problem(status: u16, detail: &str) -> Problem {
        Problem {
            r#type: "about:blank".to_owned(),
            title: "T".to_owned(),
            status,
            detail: detail.to_owned(),
            code: "c".into(),
            errors: Vec::new(),
            execution_id: None,
            request_id: None,
        }
    }

    fn check(error: Error, expected: &str, code: u8) {
        let failure = Failure::from(error);
        assert!(failure.to_string().starts_with(expected), "{failure}");
        let code_of = format!("{:?}", failure.code());
        assert_eq!(code_of, format!("{:?}", std::process::ExitCode::from(code)), "{failure}");
    }

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let told = |status, detail, expected, code| {
            let problem = Box::new(problem(status, detail));
            check(Error::Problem { problem, retry_after: None }, expected, code);
        };
        told(401, "Who are you?", "Who are you?\n--token or RINGBACK_TOKEN", 3);
        told(403, "The scope is missing.", "The scope is missing.", 3);
        told(404, "There is no such thing.", "There is no such thing.", 4);
        told(503, "Dr\x1b[2Jaining.", "Dr\\u{1b}[2Jaining.", 1);
        let mut invalid = problem(400, "since is no time");
        let error = |field: &str, detail: &str| FieldError {
            field: field.to_owned(),
            code: "x".into(),
            detail: detail.to_owned(),
        };
        invalid.errors = vec![error("since", "since is no time"), error("host", "too\nlong")];
        let invalid = Error::Problem { problem: Box::new(invalid), retry_after: None };
        check(invalid, "since is no time\nhost: too\\nlong", 2);
    }

    #[test]
    fn what_is_no_answer_has_its_codes_too() {
        let server = || Url::parse("http://x/").unwrap();
        let foreign = Error::Foreign { server: server(), status: 502, said: "\x1b[2J".to_owned() };
        check(foreign, "http://x/ answered 502 and not as a Ringback does: \\u{1b}[2J", 1);
        let unreachable = Error::Unreachable { server: server(), reason: "refused".to_owned() };
        check(unreachable, "cannot reach http://x/ (refused): is `ringback serve` running", 6);
        let broken = Error::BrokenOff { server: server(), reason: "closed".to_owned() };
        check(broken, "the answer of http://x/ broke off: closed", 6);
    }
}
