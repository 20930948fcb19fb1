//! Rules of signing secrets: which of them sign an attempt, and for how long.
//! Signs nothing.

use std::time::Duration;

use ringback::domain::{Next, Secret, Tenant, Timestamp};
use ringback::store::{NewExecution, NewSigningSecret, Rooms, SigningSecret, Store};

use crate::support::{
    Backend, NOW, calling_back, delivery, epoch, exited, finish, owe, queued, record, tenant,
};

const HOUR: Duration = Duration::from_secs(3600);

fn new(tenant: &Tenant, secret: &str, overlap: Option<Duration>) -> NewSigningSecret {
    let (tenant, name) = (tenant.clone(), String::new());
    NewSigningSecret { tenant, name, secret: secret.into(), overlap }
}

async fn put(store: &dyn Store, secret: &str, overlap: Option<Duration>) -> SigningSecret {
    store.put_signing_secret(new(&tenant(), secret, overlap)).await.unwrap()
}

async fn found(store: &dyn Store) -> Option<SigningSecret> {
    store.signing_secret(&tenant(), "").await.unwrap()
}

/// What the one delivery that is due is signed with. It is given back.
async fn signed_with(store: &dyn Store) -> Vec<Secret> {
    let claimed = store.claim_deliveries(Rooms::total(9)).await.unwrap().due.remove(0);
    store.release_deliveries(&[claimed.id]).await.unwrap();
    claimed.signing_secrets
}

fn secrets<const N: usize>(texts: [&str; N]) -> Vec<Secret> {
    texts.map(Secret::from).into()
}

fn at(since: Duration) -> Timestamp {
    NOW.after(since)
}

pub async fn a_rotated_secret_signs_beside_the_new_one_until_its_time_is_over(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let (_, id) = owe(&*store, "example.com").await;
    assert_eq!((signed_with(&*store).await, found(&*store).await), (vec![], None));
    let first = SigningSecret { created_at: NOW, previous_valid_until: None };
    assert_eq!(put(&*store, "first", Some(HOUR)).await, first, "there is none before the first");
    assert_eq!(
        (signed_with(&*store).await, found(&*store).await),
        (secrets(["first"]), Some(first))
    );

    backend.advance(HOUR).await;
    let until = Some(at(2 * HOUR));
    let second = SigningSecret { created_at: at(HOUR), previous_valid_until: until };
    assert_eq!(put(&*store, "second", Some(HOUR)).await, second);
    assert_eq!(signed_with(&*store).await, secrets(["second", "first"]), "the new one first");
    // Between two attempts of one delivery as well.
    record(&*store, id, 1, Next::RetryAt(at(2 * HOUR))).await;
    backend.advance(HOUR - Duration::from_millis(1)).await;
    assert_eq!(found(&*store).await, Some(second));
    backend.advance(Duration::from_millis(1)).await;
    assert_eq!(signed_with(&*store).await, secrets(["second"]));
    let alone = SigningSecret { previous_valid_until: None, ..second };
    assert_eq!(found(&*store).await, Some(alone));
}

pub async fn no_more_than_two_secrets_sign(backend: &impl Backend) {
    let store = backend.open().await;
    owe(&*store, "example.com").await;
    for secret in ["first", "second", "third"] {
        put(&*store, secret, Some(HOUR)).await;
    }
    assert_eq!(signed_with(&*store).await, secrets(["third", "second"]));
}

pub async fn a_secret_may_be_stopped_at_once(backend: &impl Backend) {
    let store = backend.open().await;
    owe(&*store, "example.com").await;
    for overlap in [None, Some(Duration::ZERO)] {
        put(&*store, "old", Some(HOUR)).await;
        assert_eq!(put(&*store, "new", overlap).await.previous_valid_until, None);
        assert_eq!(signed_with(&*store).await, secrets(["new"]));
    }
    assert!(store.remove_signing_secret(&tenant(), "").await.unwrap());
    assert_eq!((signed_with(&*store).await, found(&*store).await), (vec![], None));
    assert!(!store.remove_signing_secret(&tenant(), "").await.unwrap(), "there is none any more");
}

pub async fn a_secret_of_the_executions_own_signs_alone(backend: &impl Backend) {
    let store = backend.open().await;
    put(&*store, "of the tenant", Some(HOUR)).await;
    let mut spec = calling_back("https://example.com/hook");
    spec.callback.as_mut().unwrap().signing_secret = Some("of its own".into());
    let accepted =
        store.accept(NewExecution { start: true, ..queued(spec) }).await.unwrap().execution;
    let guard = ringback::domain::Guard::Running(epoch(&accepted));
    let mut end = finish(accepted.id, guard, exited(0));
    end.delivery = Some(delivery(accepted.id, "example.com"));
    let _ = store.finish(end.into()).await.unwrap();
    assert_eq!(signed_with(&*store).await, secrets(["of its own"]));
}

pub async fn a_secret_belongs_to_one_tenant_and_one_name(backend: &impl Backend) {
    let store = backend.open().await;
    owe(&*store, "example.com").await;
    let other = Tenant::new("other");
    store.put_signing_secret(new(&other, "of the other", None)).await.unwrap();
    let named = NewSigningSecret { name: "f".into(), ..new(&tenant(), "of f", None) };
    store.put_signing_secret(named).await.unwrap();
    assert_eq!((signed_with(&*store).await, found(&*store).await), (vec![], None));
    assert!(store.signing_secret(&tenant(), "f").await.unwrap().is_some());
    assert!(!store.remove_signing_secret(&tenant(), "").await.unwrap());
    assert!(store.signing_secret(&other, "").await.unwrap().is_some());
}

pub async fn a_signing_secret_outlives_the_server(backend: &impl Backend) {
    let store = backend.open().await;
    owe(&*store, "example.com").await;
    put(&*store, "first", Some(HOUR)).await;
    put(&*store, "second", Some(HOUR)).await;
    drop(store);
    assert_eq!(signed_with(&*backend.open().await).await, secrets(["second", "first"]));
}
