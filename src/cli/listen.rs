//! `ringback listen`: a receiver for development, which prints each callback, says whether its
//! signature is right, and answers as it was told. Keeps no callback.

mod intro;
mod page;
mod repeats;
mod secret;

use std::io;
use std::net::TcpListener;
use std::process::ExitCode;

use actix_web::http::header::HeaderValue;

use self::page::{Entry, Wanted};
use self::repeats::Repeats;
use self::secret::SigningSecret;
use super::args::{CallbackFormat, ListenArgs};
use super::exit::Failure;
use super::receiver::{Answer, Answers, Arrival, Callback, Receiver, Verdict};
use super::signals::Signals;
use super::terminal::{Paint, print, tame};
use crate::app::wall_clock;
use crate::store::Clock;

pub(super) fn listen(mut args: ListenArgs) -> Result<ExitCode, Failure> {
    let answers = answers(&args)?;
    let signing = match (args.secret.take(), args.secret_file.take()) {
        (Some(text), _) => SigningSecret::given(text)?,
        (None, Some(path)) => SigningSecret::kept_in(path)?,
        (None, None) => SigningSecret::kept_in(secret::usual_place()?)?,
    };
    let listener = bind(&args.listen)?;
    actix::System::new().block_on(run(args, answers, signing, listener))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(
    args: ListenArgs,
    answers: Answers,
    signing: SigningSecret,
    listener: TcpListener,
) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let mut receiver = Receiver::start(listener, answers)?;
    introduce(&args, &receiver, &signing);
    let mut listening = Listening {
        args,
        signing,
        clock: wall_clock(),
        repeats: Repeats::default(),
        came: 0,
        unverified: 0,
    };
    tokio::select! {
        taken = listening.take_all(&mut receiver) => {
            // The last callback still has its answer to get.
            receiver.finish().await;
            taken?;
        }
        () = signals.next() => receiver.stop().await,
    }
    listening.sum_up()
}

struct Listening {
    args: ListenArgs,
    signing: SigningSecret,
    clock: Clock,
    repeats: Repeats,
    came: u64,
    unverified: u64,
}

impl Listening {
    /// Prints what comes until there were as many callbacks as asked for.
    async fn take_all(&mut self, receiver: &mut Receiver) -> Result<(), Failure> {
        while self.args.count.is_none_or(|count| self.came < count) {
            match receiver.arrivals.recv().await {
                Some(Arrival::Callback(callback)) => self.take(&callback)?,
                Some(Arrival::Stranger(sentence)) => {
                    eprintln!("{}", tame(&sentence));
                }
                None => break,
            }
        }
        Ok(())
    }

    fn take(&mut self, callback: &Callback) -> Result<(), Failure> {
        let came_at = self.clock.now();
        let verdict = Verdict::of(callback, &self.signing.secret, came_at.as_seconds());
        let attempt = callback.id().map_or(1, |id| self.repeats.count(id));
        self.came += 1;
        self.unverified += u64::from(!verdict.is_verified());
        if self.args.quiet && verdict.is_verified() {
            return Ok(());
        }
        let entry = Entry { came_at, callback, verdict: &verdict, attempt };
        let text = match self.args.output {
            CallbackFormat::Jsonl => format!("{}\n", entry.json()),
            CallbackFormat::Text => {
                let Self { args: ListenArgs { headers, body, .. }, .. } = *self;
                let paint = Paint::for_stream(&io::stdout());
                entry.text(Wanted { headers, body, paint })
            }
        };
        print(&text)
    }

    /// Says how many there were; a failure if somebody counted on others.
    fn sum_up(&self) -> Result<(), Failure> {
        let Self { came, unverified, .. } = self;
        match self.args.count {
            Some(count) if *came < count => {
                Err(Failure::failed(format!("ended after {came} of {count} callbacks")))
            }
            Some(count) if *unverified > 0 => {
                Err(Failure::failed(format!("{unverified} of {count} callbacks did not verify")))
            }
            _ if self.args.quiet => Ok(()),
            _ => {
                let callbacks = if *came == 1 { "callback" } else { "callbacks" };
                eprintln!("{came} {callbacks}, {} verified", came - unverified);
                Ok(())
            }
        }
    }
}

fn introduce(args: &ListenArgs, receiver: &Receiver, signing: &SigningSecret) {
    eprintln!("listening on http://{}", receiver.address);
    if let Some(warning) = &signing.warning {
        eprintln!("ringback: warning: {warning}");
    }
    if !args.quiet {
        let paint = Paint::for_stream(&io::stderr());
        eprintln!("{}", intro::intro(receiver.address, signing, paint));
    }
}

/// What callbacks are answered.
fn answers(args: &ListenArgs) -> Result<Answers, Failure> {
    let is_told = args.status.is_some() || args.delay.is_some();
    if args.times.is_some() && !is_told {
        return Err(Failure::usage("--times needs a --status or a --delay that it is about"));
    }
    let is_header = |text: &String| HeaderValue::from_str(text).is_ok();
    if args.retry_after.as_ref().is_some_and(|text| !is_header(text)) {
        return Err(Failure::usage("--retry-after: expected what can stand in a header"));
    }
    let taken = Answer::taken();
    let answer = Answer {
        status: args.status.unwrap_or(taken.status),
        delay: args.delay.unwrap_or(taken.delay),
        retry_after: args.retry_after.clone(),
    };
    Ok(match args.times {
        Some(times) => Answers::first(times, answer),
        None => Answers::always(answer),
    })
}

fn bind(listen: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => {
            Failure::usage(format!("--listen {listen}: expected an address such as 127.0.0.1:4040"))
        }
        io::ErrorKind::AddrInUse => Failure::failed(format!(
            "{listen} is taken, perhaps by another `ringback listen`; \
             --listen 127.0.0.1:0 picks a free port"
        )),
        _ => Failure::failed(format!("cannot listen on {listen}: {error}")),
    })
}
