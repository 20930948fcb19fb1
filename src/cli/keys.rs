//! `ringback keys create|list|revoke`: API keys, straight on the data directory, whether or not a server
//! has it. Prints a key once, alone on stdout; no hash is ever printed.

mod list;

use std::process::ExitCode;

use super::args::{CreateArgs, KeysCommand, KeysPlace, RevokeArgs};
use super::exit::Failure;
use super::terminal::{print, tame};
use super::{config, logging};
use crate::app::{key_source, wall_clock};
use crate::config::Config;
use crate::domain::access;
use crate::http::new_key_of;
use crate::store::{KeyStore, KeysBeside, KeysOf, Revoke, Revoked};

/// What a key may do that was made for nobody said what: all that it takes to be a client, and nothing
/// that gives power over others.
const DEFAULT_SCOPES: [&str; 4] =
    ["executions:write", "executions:read", "executions:cancel", "deliveries:read"];

/// How a key begins, its id behind that.
const KEY_PREFIX: &str = "rbk_";

pub(super) fn keys(command: KeysCommand) -> Result<ExitCode, Failure> {
    actix::System::new().block_on(async {
        match command {
            KeysCommand::Create(args) => create(args).await,
            KeysCommand::List(args) => list::list(args).await,
            KeysCommand::Revoke(args) => revoke(args).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn create(args: CreateArgs) -> Result<(), Failure> {
    // All that can be wrong with what was typed, before anything is made.
    let name =
        access::key_name(&args.name).map_err(|must| Failure::usage(format!("--name {must}")))?;
    let tenant =
        access::tenant(&args.tenant).map_err(|must| Failure::usage(format!("--tenant {must}")))?;
    let is_default = args.scopes.is_empty();
    let asked = if is_default { DEFAULT_SCOPES.map(str::to_owned).to_vec() } else { args.scopes };
    let scopes = access::scopes(&asked)
        .map_err(|sentence| Failure::usage(format!("--scope: {sentence}")))?;
    let keys = open(args.place, Missing::IsMade)?;
    let new = new_key_of(tenant, &name, scopes).map_err(Failure::failed)?;
    keys.add_api_key(new.kept.clone()).await.map_err(Failure::failed)?;
    let kept = new.kept;
    eprintln!(
        "Made key {} ({}) of tenant {}, with the scopes {}{}. It is shown only this once.",
        kept.id,
        tame(&kept.name),
        kept.tenant,
        kept.scopes.join(", "),
        if is_default { ", since no --scope was given" } else { "" },
    );
    print(&format!("{}\n", new.text.expose()))
}

async fn revoke(args: RevokeArgs) -> Result<(), Failure> {
    let id = args.id.trim();
    if id.starts_with(KEY_PREFIX) {
        // It is in the history of the shell by now, and is not repeated here.
        let sentence = "expected the id of a key, as `ringback keys list` has it: in a key, it is what \
                        stands between the first `_` and the second";
        return Err(Failure::usage(sentence));
    }
    let keys = open(args.place, Missing::IsAnError)?;
    let wish = Revoke { id: id.to_owned(), of: None, spares_last_admin: false };
    match keys.revoke_api_key(wish).await.map_err(Failure::failed)? {
        Revoked::Written => eprintln!("Revoked key {id}: no request with it is let in any more."),
        Revoked::NotFound | Revoked::LastAdmin => {
            let sentence = format!("there is no key {}, or it is revoked already", tame(id));
            return Err(Failure::NotFound(sentence));
        }
    }
    let left = keys.api_keys(None).await.map_err(Failure::failed)?;
    if !left.iter().any(|kept| kept.key.rules_all()) {
        eprintln!(
            "ringback: warning: no key in the data directory has the scope admin for all tenants any \
             more; `ringback keys create --name NAME --scope admin` makes one"
        );
    }
    Ok(())
}

/// What becomes of a data directory that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    IsMade,
    IsAnError,
}

fn open(place: KeysPlace, missing: Missing) -> Result<KeysBeside, Failure> {
    if place.database_url.is_some() {
        return Err(Failure::usage(
            "--database-url: this version of ringback keeps its keys only in a data directory \
             (--data-dir); PostgreSQL is not built yet",
        ));
    }
    let loaded = config::load(place.into_serve())?;
    logging::init(&loaded.config.log);
    keys_of(&loaded.config, missing)?.open().map_err(Failure::failed)
}

fn keys_of(config: &Config, missing: Missing) -> Result<KeysOf, Failure> {
    Ok(KeysOf {
        dir: config.server.data_dir.clone(),
        source: key_source(config)?,
        clock: wall_clock(),
        makes: missing == Missing::IsMade,
    })
}
