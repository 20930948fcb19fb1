//! `ringback signature sign|verify`: webhook signatures by hand.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::args::{Scheme, SignArgs, SignatureCommand, Signed, VerifyArgs};
use super::exit::Failure;
use super::terminal::print;
use crate::app::wall_clock;
use crate::domain::Secret;
use crate::webhook::signature::{self, Ed25519Key, Mismatch, PublicKey, Received};

pub(super) fn signature(command: SignatureCommand) -> Result<ExitCode, Failure> {
    match command {
        SignatureCommand::Sign(args) => sign(args),
        SignatureCommand::Verify(args) => verify(args),
    }
}

fn sign(SignArgs { signed }: SignArgs) -> Result<ExitCode, Failure> {
    let secret = secret(&signed)?;
    let body = read(&signed.body)?;
    if signed.scheme == Scheme::Hopx {
        print(&format!("X-HopX-Signature: {}\n", signature::hopx(&secret, &body)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = wall_clock().now().as_seconds();
    let timestamp = signed.timestamp.as_deref().map_or(Ok(now), |text| {
        text.parse().map_err(|_| Failure::usage("--timestamp must be whole Unix seconds"))
    })?;
    let id = id(&signed)?;
    let value = match signed.scheme {
        Scheme::Ed25519 => {
            let key = Ed25519Key::from_text(&secret).map_err(Failure::usage)?;
            key.sign(id, timestamp, &body)
        }
        _ => signature::standard(&secret, id, timestamp, &body).map_err(Failure::usage)?,
    };
    print(&format!(
        "webhook-id: {id}\nwebhook-timestamp: {timestamp}\nwebhook-signature: {value}\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn verify(args: VerifyArgs) -> Result<ExitCode, Failure> {
    let secret = secret(&args.signed)?;
    let body = read(&args.signed.body)?;
    let verified = match args.signed.scheme {
        Scheme::Hopx => signature::verify_hopx(&secret, &body, &args.signature),
        scheme => verify_at(&args, scheme, &secret, &body)?,
    };
    verified.map_err(Failure::failed)?;
    print("The signature is right.\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Verifies what is signed together with an id and a time.
fn verify_at(
    VerifyArgs { signed, signature, tolerance }: &VerifyArgs,
    scheme: Scheme,
    secret: &Secret,
    body: &[u8],
) -> Result<Result<(), Mismatch>, Failure> {
    let timestamp = signed.timestamp.as_deref();
    let timestamp = timestamp.ok_or_else(|| Failure::usage("--timestamp is missing"))?;
    let tolerance = match *tolerance {
        0 => Duration::MAX,
        seconds => Duration::from_secs(seconds),
    };
    let now = wall_clock().now().as_seconds();
    let received = Received { id: id(signed)?, timestamp, signature, body };
    Ok(match scheme {
        Scheme::Ed25519 => {
            let key = public_key(secret)?;
            signature::verify_ed25519(&key, received, now, tolerance)
        }
        _ => signature::verify_standard(secret, received, now, tolerance),
    })
}

/// The key to verify with, which whoever has the one to sign with has too.
fn public_key(secret: &Secret) -> Result<PublicKey, Failure> {
    match Ed25519Key::from_text(secret) {
        Ok(key) => Ok(key.public()),
        Err(_) => PublicKey::from_text(secret.expose()).map_err(Failure::usage),
    }
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
