//! `ringback demo`: a server, a receiver, three executions and their three signed callbacks, on a
//! directory that is gone afterwards. What it prints is what happened; nothing is made up.

use std::io::IsTerminal;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::DemoArgs;
use super::config::load_from;
use super::exit::Failure;
use super::receiver::{Answer, Answers, Arrival, Callback, Receiver, Verdict};
use super::terminal::print;
use crate::app::{Ringback, Server, wall_clock};
use crate::config::{Config, Sources};
use crate::domain::Secret;
use crate::http::new_key;

/// How long the whole demo may take before something must be wrong with it.
const ALL_WITHIN: Duration = Duration::from_secs(30);

/// What the callbacks are signed with: Standard Webhooks' own form, 24 bytes in base64. It is no
/// secret; it signs nothing but the callbacks of demos.
const SIGNING_SECRET: &str = "whsec_cmluZ2JhY2stZGVtby1zZWNyZXQtMjQh";

struct Demo {
    http: awc::Client,
    server: String,
    executions: String,
    key: Secret,
    callback_url: String,
    language: &'static str,
}

pub(super) fn demo(args: DemoArgs) -> Result<ExitCode, Failure> {
    let stays = std::io::stdout().is_terminal() && !args.once;
    // How programs are run is the operator's to say; the rest of a demo is always the same.
    let environment = std::env::vars_os().collect();
    let told = load_from(Sources { environment, ..Sources::default() })?.config;
    let config = Config { execution: told.execution, runtimes: told.runtimes, ..Config::default() };
    let shown = actix::System::new().block_on(run(config, stays));
    shown.map_err(|failure| match failure {
        // 0 is for three callbacks that came and were verified, whoever watched.
        Failure::Unread => Failure::failed("nobody reads what the demo shows"),
        failure => failure,
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn run(config: Config, stays: bool) -> Result<(), Failure> {
    let directory = tempfile::tempdir().map_err(Failure::failed)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::failed)?;
    let mut receiver = Receiver::start(listener, Answers::always(Answer::taken()))?;
    let key = new_key("demo").map_err(Failure::failed)?.text;
    let engine = Ringback::builder()
        .config(config)
        .data_dir(directory.path())
        .api_key(key.expose())
        .allow_callbacks_to("127.0.0.1/32")
        .start()
        .await?;
    let language = language(&engine).await;
    let mut config = Config::default().server;
    config.listen = "127.0.0.1:0".to_owned();
    let server = Server::start(engine, &config)?;
    let demo = Demo {
        http: awc::Client::default(),
        server: format!("http://{}", server.address()),
        executions: format!("http://{}/v1/executions", server.address()),
        key,
        callback_url: format!("http://{}/", receiver.address),
        language,
    };
    let shown = tokio::time::timeout(ALL_WITHIN, demo.three_executions(&mut receiver)).await;
    let mut shown =
        shown.unwrap_or_else(|_| Err(Failure::failed("not every callback came in time")));
    if shown.is_ok() && stays {
        shown = demo.stay_up(&mut receiver).await;
    }
    let stopped = server.stop(Duration::ZERO, std::future::pending()).await;
    receiver.stop().await;
    shown.and(stopped.map_err(Failure::Engine))
}

/// Python when it is there, for that is what most people run; else the shell that always is.
async fn language(engine: &crate::app::Engine) -> &'static str {
    let Some(python) = engine.launcher().runtimes().find("python") else { return "sh" };
    if python.located(engine.launcher()).await.is_ok() { "python" } else { "sh" }
}

impl Demo {
    /// One that completes, one that fails, one that is cancelled while it runs.
    async fn three_executions(&self, receiver: &mut Receiver) -> Result<(), Failure> {
        let programs = match self.language {
            "python" => [
                "print('Hello from', __import__('platform').python_version())",
                "raise SystemExit('This program fails on purpose.')",
                "import time\nprint('Working...')\ntime.sleep(3600)",
            ],
            _ => [
                "echo Hello from $(uname -s)",
                "echo This program fails on purpose. >&2; exit 1",
                "echo Working...; sleep 3600",
            ],
        };
        print(&format!(
            "The server listens on {}\nThe receiver listens on {}\n\n\
             Submitting three executions in {}:\n",
            self.server, self.callback_url, self.language
        ))?;
        let mut ids = Vec::new();
        for code in programs {
            ids.push(self.submit(code).await?);
        }
        self.cancel_when_running(&ids[2]).await?;
        let expected = ["completed", "failed", "cancelled"];
        let mut seen = [false; 3];
        while seen.contains(&false) {
            let callback = next(receiver).await?;
            let record = self.show(&callback)?;
            let which = ids.iter().position(|id| record["id"] == id.as_str());
            let which = which.ok_or_else(|| Failure::failed("a callback for nobody came"))?;
            if record["status"] != expected[which] {
                let message = format!("{} should have {}", ids[which], expected[which]);
                return Err(Failure::failed(message));
            }
            seen[which] = true;
        }
        print("\nAll three callbacks came, each signed and verified.\n")?;
        Ok(())
    }

    async fn submit(&self, code: &str) -> Result<String, Failure> {
        let body = json!({
            "language": self.language,
            "code": code,
            "callback_url": self.callback_url,
            "callback_signature_secret": SIGNING_SECRET,
        });
        let post = self.http.post(&self.executions).bearer_auth(self.key.expose());
        let record = answer(post.send_json(&body).await).await?;
        let id = record["id"].as_str().ok_or_else(|| unexpected(&record))?;
        print(&format!("  POST /v1/executions  202  {id}\n"))?;
        Ok(id.to_owned())
    }

    async fn cancel_when_running(&self, id: &str) -> Result<(), Failure> {
        let url = format!("{}/{id}", self.executions);
        loop {
            let get = self.http.get(&url).bearer_auth(self.key.expose());
            let record = answer(get.send().await).await?;
            match record["status"].as_str() {
                Some("running") => break,
                Some("queued") => tokio::time::sleep(Duration::from_millis(10)).await,
                _ => return Err(unexpected(&record)),
            }
        }
        let delete = self.http.delete(&url).bearer_auth(self.key.expose());
        answer(delete.send_json(&json!({ "reason": "the demo has seen enough" })).await).await?;
        print(&format!("  DELETE /v1/executions/{id}  202\n\n"))?;
        Ok(())
    }

    /// Prints a callback and gives its record, if its signature is right.
    fn show(&self, callback: &Callback) -> Result<Value, Failure> {
        let now = wall_clock().now().as_seconds();
        let verdict = Verdict::of(callback, &Secret::new(SIGNING_SECRET), now);
        verdict.error.map_or(Ok(()), |error| Err(Failure::failed(error)))?;
        let body = callback.json().ok_or_else(|| Failure::failed("a body that is not JSON"))?;
        let record = &body["data"];
        let text = |name: &str| record[name].as_str().unwrap_or_default().trim_end().to_owned();
        print(&format!("{}  {}\n", body["type"].as_str().unwrap_or_default(), text("id")))?;
        for name in ["webhook-id", "webhook-signature"] {
            let verified = if name == "webhook-signature" { "  (verified)" } else { "" };
            print(&format!("  {name}: {}{verified}\n", callback.header(name).unwrap_or_default()))?;
        }
        for name in ["stdout", "stderr", "error"] {
            if !text(name).is_empty() {
                print(&format!("  {name}: {}\n", text(name)))?;
            }
        }
        Ok(record.clone())
    }

    /// Lets people try for themselves, and prints what is called back, until they press Ctrl-C.
    async fn stay_up(&self, receiver: &mut Receiver) -> Result<(), Failure> {
        let body = json!({
            "language": self.language,
            "code": if self.language == "python" { "print(6 * 7)" } else { "echo $((6 * 7))" },
            "callback_url": self.callback_url,
            "callback_signature_secret": SIGNING_SECRET,
        });
        print("\nNow you; the callback appears here. Ctrl-C ends the demo.\n\n")?;
        print(&format!("curl {} \\\n", self.executions))?;
        print(&format!("  -H 'Authorization: Bearer {}' \\\n", self.key.expose()))?;
        print(&format!("  -H 'Content-Type: application/json' \\\n  -d '{body}'\n\n"))?;
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(()),
                callback = next(receiver) => {
                    let Ok(callback) = callback else { return Ok(()) };
                    match self.show(&callback) {
                        Ok(_) => {}
                        Err(Failure::Unread) => return Err(Failure::Unread),
                        Err(failure) => print(&format!(
                            "A callback that was not signed by the demo's secret: {failure}\n"
                        ))?,
                    }
                }
            }
        }
    }
}

async fn next(receiver: &mut Receiver) -> Result<Callback, Failure> {
    loop {
        match receiver.arrivals.recv().await {
            Some(Arrival::Callback(callback)) => return Ok(callback),
            Some(Arrival::Stranger(_)) => {}
            None => return Err(Failure::failed("the receiver has stopped")),
        }
    }
}

/// The JSON of a good answer.
async fn answer(
    answered: Result<awc::ClientResponse, awc::error::SendRequestError>,
) -> Result<Value, Failure> {
    let mut response = answered.map_err(Failure::failed)?;
    let body: Value = response.json().await.map_err(Failure::failed)?;
    if response.status().is_success() { Ok(body) } else { Err(unexpected(&body)) }
}

fn unexpected(body: &Value) -> Failure {
    Failure::failed(format!("an unexpected answer: {body}"))
}
