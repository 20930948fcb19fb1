//! Rules of functions: versions, their order, their removal, and their signing secrets.
//! Calls none.

use std::sync::Arc;
use std::time::Duration;

use ringback::domain::{
    Callback, Definition, Endpoint, ExecutionSpec, Function, FunctionKey, Guard, Invocation,
    PayloadFormat, Secret, Tenant,
};
use ringback::store::{
    Finish, FunctionKept, FunctionPage, FunctionSummary, NewExecution, NewFunction, Rooms, Settled,
    Store,
};

use crate::support::{Backend, NOW, delivery, epoch, exited, finish, queued, tenant};

const HOUR: Duration = Duration::from_secs(3600);

fn named(name: &str, variant: &str) -> FunctionKey {
    FunctionKey { name: name.parse().unwrap(), variant: variant.parse().unwrap() }
}

fn definition(code: &str) -> Arc<Definition> {
    let mut spec = ExecutionSpec::new("python", code);
    spec.env = [("TOKEN".to_owned(), Secret::from("hunter2"))].into();
    spec.callback = Some(Callback {
        headers: vec![("x-a".into(), "1".into())],
        ..Callback::unsigned(Endpoint::new("https://example.com/hook", PayloadFormat::Standard))
    });
    Arc::new(Definition { spec, payload_format: Some(PayloadFormat::Cortex), network: Some(true) })
}

fn new(key: &FunctionKey, code: &str) -> NewFunction {
    let (tenant, secret) = (tenant(), Secret::new(format!("secret of {code}")));
    let definition = definition(code);
    NewFunction { tenant, key: key.clone(), definition, secret, overlap: Some(HOUR) }
}

async fn put(store: &dyn Store, key: &FunctionKey, code: &str) -> FunctionKept {
    store.put_function(new(key, code)).await.unwrap()
}

async fn find(store: &dyn Store, key: &FunctionKey, version: Option<u32>) -> Option<Function> {
    store.function(&tenant(), key, version).await.unwrap()
}

async fn listed(store: &dyn Store, page: FunctionPage) -> Vec<(String, u32)> {
    let page: Vec<FunctionSummary> = store.functions(&tenant(), page).await.unwrap();
    page.into_iter().map(|found| (found.key.to_string(), found.version)).collect()
}

pub async fn every_version_of_a_function_reads_back(backend: &impl Backend) {
    let store = backend.open().await;
    let key = named("f", "v");
    assert_eq!(find(&*store, &key, None).await, None);
    let first = FunctionKept { version: 1, created_at: NOW, is_new: true };
    assert_eq!(put(&*store, &key, "one").await, first);
    backend.advance(HOUR).await;
    let second = put(&*store, &key, "two").await;
    assert_eq!((second.version, second.is_new), (2, false));
    assert_eq!(second.created_at, NOW.after(HOUR));
    let expected = |version, created_at, code| {
        Some(Function { key: key.clone(), version, created_at, definition: definition(code) })
    };
    let store = {
        drop(store);
        backend.open().await
    };
    assert_eq!(find(&*store, &key, None).await, expected(2, second.created_at, "two"));
    assert_eq!(find(&*store, &key, Some(2)).await, expected(2, second.created_at, "two"));
    assert_eq!(find(&*store, &key, Some(1)).await, expected(1, NOW, "one"));
    for (key, version) in [(&key, Some(3)), (&key, Some(0)), (&named("f", "w"), None)] {
        assert_eq!(find(&*store, key, version).await, None, "{key} {version:?}");
    }
    let theirs = store.function(&Tenant::new("acme"), &key, None).await.unwrap();
    assert_eq!(theirs, None, "another tenant has functions of its own");
}

pub async fn functions_are_listed_by_name_and_versions_newest_first(backend: &impl Backend) {
    let store = backend.open().await;
    for (name, variant) in [("b", "default"), ("a", "z"), ("a", "default"), ("a", "z")] {
        put(&*store, &named(name, variant), "x").await;
    }
    let newest = |limit, after, name: Option<&str>| {
        let name = name.map(|name| name.parse().unwrap());
        listed(&*store, FunctionPage::Newest { limit, after, name })
    };
    let all = [("a/default", 1), ("a/z", 2), ("b/default", 1)];
    let all = all.map(|(key, version)| (key.to_owned(), version));
    assert_eq!(newest(9, None, None).await, all);
    assert_eq!(newest(2, None, None).await, all[..2]);
    assert_eq!(newest(9, Some(named("a", "default")), None).await, all[1..]);
    assert_eq!(newest(9, None, Some("a")).await, all[..2]);
    assert_eq!(newest(9, Some(named("a", "default")), Some("a")).await, all[1..2]);
    let versions = |before| {
        let key = named("a", "z");
        listed(&*store, FunctionPage::Versions { limit: 9, key, before })
    };
    assert_eq!(versions(None).await, [("a/z".to_owned(), 2), ("a/z".to_owned(), 1)]);
    assert_eq!(versions(Some(2)).await, [("a/z".to_owned(), 1)]);
}

pub async fn a_removed_function_is_gone_and_its_numbers_go_on(backend: &impl Backend) {
    let store = backend.open().await;
    let (key, ours) = (named("f", "v"), tenant());
    let remove = || store.remove_function(&ours, &key);
    assert!(!remove().await.unwrap());
    put(&*store, &key, "one").await;
    put(&*store, &key, "two").await;
    put(&*store, &named("f", "w"), "other").await;
    assert!(remove().await.unwrap());
    assert!(!remove().await.unwrap(), "it is gone once");
    for version in [None, Some(1), Some(2)] {
        assert_eq!(find(&*store, &key, version).await, None);
    }
    let page = FunctionPage::Newest { limit: 9, after: None, name: None };
    assert_eq!(listed(&*store, page).await, [("f/w".to_owned(), 1)]);
    let again = put(&*store, &key, "three").await;
    assert_eq!((again.version, again.is_new), (3, true));
    assert_eq!(find(&*store, &key, Some(2)).await, None);
}

/// What the callback of a call of `f/v` is signed with that is owed now.
async fn signed_with(store: &dyn Store) -> Vec<Secret> {
    let claimed = store.claim_deliveries(Rooms::total(9)).await.unwrap().due.remove(0);
    store.release_deliveries(&[claimed.id]).await.unwrap();
    claimed.signing_secrets
}

pub async fn calls_are_signed_with_the_secret_of_their_function(backend: &impl Backend) {
    let store = backend.open().await;
    let key = named("f", "v");
    put(&*store, &key, "one").await;
    let spec = ExecutionSpec {
        invocation: Some(Invocation { function: key.clone(), version: 1, request_id: None }),
        ..definition("one").spec.clone()
    };
    let new = NewExecution { start: true, ..queued(spec) };
    let execution = store.accept(new).await.unwrap().execution;
    let owed = Some(delivery(execution.id, "example.com"));
    let guard = Guard::Running(epoch(&execution));
    let ended = Finish { delivery: owed, ..finish(execution.id, guard, exited(0)) };
    assert_eq!(store.finish(ended.into()).await.unwrap(), Settled::Written);
    let secrets = |texts: &[&str]| texts.iter().map(|text| Secret::from(*text)).collect::<Vec<_>>();
    assert_eq!(signed_with(&*store).await, secrets(&["secret of one"]));
    let of_name = store.signing_secrets(&tenant(), &key.secret_name()).await.unwrap();
    assert_eq!(of_name, secrets(&["secret of one"]));
    // A version more changes no secret.
    put(&*store, &key, "two").await;
    assert_eq!(signed_with(&*store).await, secrets(&["secret of one"]));
    // What is owed for a function that was removed is owed as before.
    assert!(store.remove_function(&tenant(), &key).await.unwrap());
    assert_eq!(signed_with(&*store).await, secrets(&["secret of one"]));
    // One that is made again under its name has a secret of its own; for a while both sign.
    put(&*store, &key, "three").await;
    assert_eq!(signed_with(&*store).await, secrets(&["secret of three", "secret of one"]));
    backend.advance(HOUR).await;
    assert_eq!(signed_with(&*store).await, secrets(&["secret of three"]));
}
