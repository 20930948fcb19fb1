//! What is known of the request that is being answered, for whoever answers it: how it is called,
//! and what the log of requests is to tell of it. Changes no answer.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::HttpMessage;

tokio::task_local! {
    /// What the envelope knows; its handler and all that it calls run inside.
    static REQUEST: About;
}

/// What the envelope knows of a request.
struct About {
    id: String,
}

/// Does `work` for the request of this id.
pub(super) async fn within<T>(id: String, work: impl Future<Output = T>) -> T {
    REQUEST.scope(About { id }, work).await
}

/// How the request is called that is being answered here; none where none is.
pub(super) fn request_id() -> Option<String> {
    REQUEST.try_with(|about| about.id.clone()).ok()
}

/// What the layers of an answer tell the log of requests, which is around them all. Shared by
/// cloning; nobody reads it where there is no such log.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Rc<RefCell<Facts>>);

/// What is told of a request beside what everybody sees of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// How it is called.
    pub(super) request_id: Option<String>,
    /// The code of the problem that it was answered with.
    pub(super) problem: Option<&'static str>,
    /// Whose key it has shown.
    pub(super) tenant: Option<String>,
    /// Which key that was, by its id.
    pub(super) key: Option<String>,
}

impl Told {
    /// What there is to tell of this request goes here.
    pub(super) fn of(request: &impl HttpMessage) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Tells something.
    pub(super) fn tell(&self, tell: impl FnOnce(&mut Facts)) {
        tell(&mut self.0.borrow_mut());
    }

    /// All that was told by now.
    pub(super) fn facts(&self) -> Facts {
        self.0.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_rt::test]
    async fn a_request_is_known_by_its_id_to_whatever_answers_it_and_to_nobody_else() {
        let one = within("one".to_owned(), async {
            actix_rt::task::yield_now().await;
            request_id()
        });
        let two = within("two".to_owned(), async { request_id() });
        let (one, two) = futures_util::future::join(one, two).await;
        assert_eq!(
            (one.as_deref(), two.as_deref(), request_id()),
            (Some("one"), Some("two"), None)
        );
    }
}
