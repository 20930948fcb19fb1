//! Everything that can happen to functions.
//! Calls none.

use std::sync::Arc;

use super::super::super::super::{FunctionPage, NewFunction, Store};
use super::{URL, tenant};
use crate::domain::{Callback, Definition, Endpoint, ExecutionSpec, FunctionKey, PayloadFormat};

/// A function that is called, and not there.
pub(super) fn called() -> FunctionKey {
    FunctionKey::default_of("called".parse().unwrap())
}

/// Makes functions and versions, lists them in every way, and removes one.
pub(super) async fn live(store: &impl Store) {
    let callback = Callback {
        headers: vec![("x-a".into(), "1".into())],
        ..Callback::unsigned(Endpoint::new(URL, PayloadFormat::Standard))
    };
    let spec =
        ExecutionSpec { callback: Some(callback), ..ExecutionSpec::new("python", "print()") };
    let definition = Definition { spec, payload_format: None, network: None };
    let new = NewFunction {
        tenant: tenant(),
        key: FunctionKey::default_of("kept".parse().unwrap()),
        definition: Arc::new(definition),
        secret: "whsec_x".into(),
        overlap: None,
    };
    let key = &new.key;
    for is_new in [true, false] {
        assert_eq!(store.put_function(new.clone()).await.unwrap().is_new, is_new);
    }
    for version in [None, Some(1)] {
        assert!(store.function(&tenant(), key, version).await.unwrap().is_some());
    }
    for name in [None, Some(key.name.clone())] {
        let page = FunctionPage::Newest { limit: 9, after: None, name };
        assert_eq!(store.functions(&tenant(), page).await.unwrap().len(), 1);
    }
    let versions = FunctionPage::Versions { limit: 9, key: key.clone(), before: Some(3) };
    assert_eq!(store.functions(&tenant(), versions).await.unwrap().len(), 2);
    let removed = NewFunction { key: called(), ..new.clone() };
    assert!(store.put_function(removed).await.unwrap().is_new);
    assert!(store.remove_function(&tenant(), &called()).await.unwrap());
    assert_eq!(store.signing_secrets(&tenant(), "called/default").await.unwrap().len(), 1);
}
