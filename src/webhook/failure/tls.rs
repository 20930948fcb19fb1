//! Why a TLS handshake failed, in words for people who run receivers and know no TLS library.
//! Decides nothing.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// What went wrong in the handshake with this host, as the end of a sentence.
pub(super) fn why(host: &str, error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => of_tls(host, error),
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => "the receiver closed the connection".to_owned(),
            _ => error.to_string(),
        },
    }
}

fn of_tls(host: &str, error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => of_certificate(host, error),
        Error::InvalidMessage(_) => {
            "what came back is not TLS; does that port speak plain http?".to_owned()
        }
        Error::AlertReceived(
            AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure,
        )
        | Error::PeerIncompatible(_) => {
            "there is no version and cipher that both sides have; TLS 1.2 or newer is needed"
                .to_owned()
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("the receiver does not know the name {host}")
        }
        Error::AlertReceived(alert) => format!("the receiver refused it ({alert:?})"),
        error => error.to_string(),
    }
}

fn of_certificate(host: &str, error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the receiver's certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the receiver's certificate is not valid yet; are the clocks right?".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the receiver's certificate is not for {host}")
        }
        CertificateError::UnknownIssuer => {
            "nobody whom we trust vouches for the receiver's certificate; it is self-signed, or \
             an intermediate one is missing, or its authority has to be in webhook.ca_file"
                .to_owned()
        }
        CertificateError::Revoked => "the receiver's certificate was revoked".to_owned(),
        error => format!("the receiver's certificate is not accepted: {error}"),
    }
}
