//! What users type. The words of help are here; what commands do is not.

mod client;
mod deliveries;
pub(super) mod executions;
mod keys;
mod listen;
mod submit;
pub(super) mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use client::{Output, ServerArgs};
pub(super) use deliveries::{
    DeliveriesCommand, GetArgs, ListArgs, RecoverArgs, RedeliverArgs, TestArgs, TestFormat,
};
pub(super) use keys::{CreateArgs, KeyListArgs, KeysCommand, KeysPlace, RevokeArgs};
pub(super) use listen::{CallbackFormat, ListenArgs};
pub(super) use submit::{CallbackArgs, LimitArgs, SubmitArgs};

use crate::config::{Flag, Sources};

/// Runs code for other programs and calls them back.
#[derive(Debug, Parser)]
#[command(name = "ringback", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 ok, 1 the program failed, 2 usage, 3 auth, 4 not found, 5 timed out waiting, \
6 server unreachable, 130 interrupted by Ctrl-C. \
`run` ends with the code of the program, and so do `submit` and `wait` with --exit-status.

Start here:
  ringback demo     see three executions and their signed callbacks
  ringback serve    run the server
  ringback listen   receive its callbacks while you develop";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Show the whole thing: a server, a receiver, three executions, three signed callbacks
    Demo(DemoArgs),
    /// Run one file through an engine of its own and print the record
    Run(RunArgs),
    /// Have a running server run a program
    Submit(Box<SubmitArgs>),
    /// Show executions: how they stand, how they ended, and why
    Get(executions::GetArgs),
    /// List executions, newest first
    List(executions::ListArgs),
    /// See an execution go on, or all that wait or run
    Watch(executions::WatchArgs),
    /// Print what a program has written, byte for byte
    Logs(executions::LogsArgs),
    /// End executions, queued or running
    Cancel(executions::CancelArgs),
    /// Wait until executions have ended
    Wait(executions::WaitArgs),
    /// Say what this machine gives, and what it lacks
    Doctor(DoctorArgs),
    /// Receive callbacks while you develop: print them, verify them, answer as told
    Listen(ListenArgs),
    /// See what became of callbacks, and send them again
    Deliveries {
        #[command(subcommand)]
        command: DeliveriesCommand,
    },
    /// Make, list and revoke API keys, also while the server runs
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Sign or verify a webhook by hand
    Signature {
        #[command(subcommand)]
        command: SignatureCommand,
    },
    /// Rotate the key that secrets are encrypted with at rest
    Secrets {
        #[command(subcommand)]
        command: SecretsCommand,
    },
    /// Show or check the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print what a shell needs to complete these commands
    Completions(CompletionsArgs),
    /// Print the document of the HTTP API (OpenAPI 3.1), as servers have it at /openapi.json
    Openapi(OpenapiArgs),
}

#[derive(Debug, Args)]
pub(super) struct OpenapiArgs {
    /// Print it as Markdown, to be read
    #[arg(long)]
    pub(super) markdown: bool,
}

#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

const COMPLETIONS: &str = "\
Examples:
  ringback completions bash > ~/.local/share/bash-completion/completions/ringback
  ringback completions zsh > ~/.zfunc/_ringback            with ~/.zfunc in fpath
  ringback completions fish > ~/.config/fish/completions/ringback.fish";

#[derive(Debug, Args, Default)]
pub(super) struct ServeArgs {
    /// Address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<String>,
    /// Where everything is kept [default: ./ringback-data]
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "RINGBACK_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// Let callbacks go to this address range or host, which would be refused (repeatable)
    #[arg(long, value_name = "CIDR|HOST")]
    pub(super) allow_callback_to: Vec<String>,
    /// How strictly programs are confined: auto, none, confined or sandbox [default: auto]
    #[arg(long, value_name = "LEVEL")]
    pub(super) isolation: Option<String>,
    /// Executions at a time [default: 4 for each core]
    #[arg(long, value_name = "N")]
    pub(super) slots: Option<String>,
}

impl ServeArgs {
    /// The layers of the configuration, with these flags as the strongest.
    pub(super) fn sources(self) -> Sources {
        let mut flags = Vec::new();
        let mut text = |key: &str, value: Option<String>, name: &str| {
            flags.extend(value.map(|value| Flag::text(key, value, name)));
        };
        text("server.listen", self.listen, "--listen");
        text("server.data_dir", self.data_dir, "--data-dir");
        text("execution.isolation", self.isolation, "--isolation");
        text("execution.slots", self.slots, "--slots");
        if !self.allow_callback_to.is_empty() {
            let entries = self.allow_callback_to;
            flags.push(Flag::list("webhook.allow", entries, "--allow-callback-to"));
        }
        let environment = std::env::vars_os().collect();
        Sources { file: self.config, environment, flags }
    }
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// End when the three callbacks have come, also on a terminal
    #[arg(long)]
    pub(super) once: bool,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The program; `-` reads it from standard input
    pub(super) file: PathBuf,
    /// Its language [default: by the file's ending, else python]
    #[arg(long)]
    pub(super) language: Option<String>,
    /// How long it may run, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<f64>,
    /// A variable of its environment (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) env: Vec<String>,
    /// Let it have the network
    #[arg(long)]
    pub(super) network: bool,
    /// Print the record as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) config: ServeArgs,
    /// Look at a running server and not at this machine: what is in its way, and what to do
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = client::SERVER)]
    #[arg(conflicts_with = "callback_url")]
    pub(super) server: Option<String>,
    /// An API key of that server with the scope metrics:read; better in the environment
    #[arg(long, value_name = "TOKEN", env = "RINGBACK_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// Certificates to believe beside the public ones, in PEM
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Say whether callbacks may go there, and whether somebody takes connections
    #[arg(long, value_name = "URL")]
    pub(super) callback_url: Option<String>,
    /// How to print it
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(super) output: Format,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For machines
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum SignatureCommand {
    /// Print the signature headers of a body
    Sign(SignArgs),
    /// Check a signature; exit code 1 when it does not fit
    Verify(VerifyArgs),
}

/// Which signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Scheme {
    /// Standard Webhooks: `webhook-signature`
    Standard,
    /// HopX: `X-HopX-Signature`
    Hopx,
    /// Standard Webhooks with Ed25519: `v1a` in `webhook-signature`; the secret is a key, `whsk_...`
    /// to sign, and `whpk_...` is enough to verify
    Ed25519,
}

#[derive(Debug, Args)]
pub(super) struct Signed {
    /// The signing secret; better in the environment than on the command line
    #[arg(long, env = "RINGBACK_SIGNING_SECRET", hide_env_values = true)]
    pub(super) secret: String,
    /// Which signature
    #[arg(long, value_enum, default_value = "standard")]
    pub(super) scheme: Scheme,
    /// The value of `webhook-id` (not for hopx)
    #[arg(long)]
    pub(super) id: Option<String>,
    /// The value of `webhook-timestamp`: Unix seconds (not for hopx)
    #[arg(long, value_name = "SECONDS")]
    pub(super) timestamp: Option<String>,
    /// The body; `-` reads it from standard input
    pub(super) body: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct SignArgs {
    #[command(flatten)]
    pub(super) signed: Signed,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub(super) signed: Signed,
    /// The value of the signature header
    #[arg(long, value_name = "VALUE")]
    pub(super) signature: String,
    /// How far the timestamp may be from now, in seconds; 0 does not look at it
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) tolerance: u64,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every key with its value and where that comes from; secrets are masked
    Show(ServeArgs),
    /// Say whether the configuration is right, and what is wrong with it
    Check(ServeArgs),
}

#[derive(Debug, Subcommand)]
pub(super) enum SecretsCommand {
    /// Encrypt everything anew with another key; the server must not run meanwhile
    Rotate(SecretsArgs),
    /// Say which keys are in use and how much is encrypted with each, never a key
    Status(SecretsArgs),
}

#[derive(Debug, Args)]
pub(super) struct SecretsArgs {
    /// Where everything is kept [default: ./ringback-data]
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "RINGBACK_CONFIG")]
    pub(super) config: Option<PathBuf>,
}

impl SecretsArgs {
    /// What of the flags of `serve` these are.
    pub(super) fn into_serve(self) -> ServeArgs {
        ServeArgs { data_dir: self.data_dir, config: self.config, ..ServeArgs::default() }
    }
}
