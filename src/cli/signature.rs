//! `ringback signature sign|verify`: webhook signatures by hand.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::args::{Scheme, SignArgs, SignatureCommand, Signed, VerifyArgs};
use super::exit::Failure;
use crate::app::wall_clock;
use crate::domain::Secret;
use crate::webhook::signature::{self, Received};

pub(super) fn signature(command: SignatureCommand) -> Result<ExitCode, Failure> {
    match command {
        SignatureCommand::Sign(args) => sign(args),
        SignatureCommand::Verify(args) => verify(args),
    }
}

fn sign(SignArgs { signed }: SignArgs) -> Result<ExitCode, Failure> {
    let secret = secret(&signed)?;
    let body = read(&signed.body)?;
    match signed.scheme {
        Scheme::Hopx => println!("X-HopX-Signature: {}", signature::hopx(&secret, &body)),
        Scheme::Standard => {
            let now = wall_clock().now().as_seconds();
            let timestamp = signed.timestamp.as_deref().map_or(Ok(now), |text| {
                text.parse().map_err(|_| Failure::usage("--timestamp must be whole Unix seconds"))
            })?;
            let id = id(&signed)?;
            let value =
                signature::standard(&secret, id, timestamp, &body).map_err(Failure::usage)?;
            println!(
                "webhook-id: {id}\nwebhook-timestamp: {timestamp}\nwebhook-signature: {value}"
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(args: VerifyArgs) -> Result<ExitCode, Failure> {
    let VerifyArgs { signed, signature: value, tolerance } = args;
    let secret = secret(&signed)?;
    let body = read(&signed.body)?;
    let verified = match signed.scheme {
        Scheme::Hopx => signature::verify_hopx(&secret, &body, &value),
        Scheme::Standard => {
            let timestamp = signed.timestamp.as_deref();
            let timestamp = timestamp.ok_or_else(|| Failure::usage("--timestamp is missing"))?;
            let tolerance = match tolerance {
                0 => Duration::MAX,
                seconds => Duration::from_secs(seconds),
            };
            let now = wall_clock().now().as_seconds();
            let received = Received { id: id(&signed)?, timestamp, signature: &value, body: &body };
            signature::verify_standard(&secret, received, now, tolerance)
        }
    };
    verified.map_err(Failure::failed)?;
    println!("The signature is right.");
    Ok(ExitCode::SUCCESS)
}

/// The secret, if it is one that an execution would be accepted with.
fn secret(signed: &Signed) -> Result<Secret, Failure> {
    let secret = Secret::new(signed.secret.clone());
    if signed.scheme == Scheme::Standard {
        signature::check_secret(&secret).map_err(Failure::usage)?;
    }
    Ok(secret)
}

fn id(signed: &Signed) -> Result<&str, Failure> {
    signed.id.as_deref().ok_or_else(|| Failure::usage("--id is missing: the value of `webhook-id`"))
}

/// The bytes of a file, or of standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|found| bytes = found)
    };
    read.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    Ok(bytes)
}
