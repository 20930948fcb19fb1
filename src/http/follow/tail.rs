//! What all who follow the same execution share: how it stands, and the last pieces of its output, each
//! of which is read once however many are told of it. Finds nothing out by itself.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::{Mutex, watch};

use super::Place;
use super::said::{Said, next};
use crate::domain::{Captured, Execution, ExecutionId, Piece, Status};
use crate::http::answers::whole;
use crate::http::error::Problem;
use crate::process::{Growth, Launcher, Listener, Stream};

pub(super) const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

/// How much of a stream one piece has, in bytes. HopX's clients take no message beyond a megabyte, and
/// JSON makes six bytes of some.
const PIECE_BYTES_MAX: u64 = 32 * 1024;

/// A piece is not shorter than this because the next one begins where all pieces do.
const PIECE_BYTES_MIN: u64 = 64;

/// How many pieces of each stream are kept for those who are a little behind.
const RECENT_MAX: usize = 4;

/// One execution that is followed.
pub(super) struct Tail {
    launcher: Launcher,
    id: ExecutionId,
    /// How it stands, for those who follow it.
    pub(super) news: watch::Sender<News>,
    listener: Listener,
    recent: [Mutex<Recent>; 2],
}

/// How an execution stands, as of some growth of its output.
#[derive(Clone)]
pub(super) struct News {
    pub(super) growth: Growth,
    pub(super) standing: Standing,
}

#[derive(Clone)]
pub(super) enum Standing {
    /// Nobody has looked yet.
    Unknown,
    /// There is no such execution.
    Missing,
    /// It cannot be found out.
    Failed(Problem),
    /// It has not ended.
    UnderWay { status: Status, attempt: u32 },
    /// It has.
    Ended(Arc<Ending>),
}

/// An execution that has ended, once for all who are told of it.
pub(in crate::http) struct Ending {
    pub(in crate::http) execution: Execution,
    /// Its record, with links to below some path.
    record: OnceLock<(String, Bytes)>,
}

/// What is known of a stream without reading it.
#[derive(Default)]
struct Recent {
    attempt: u32,
    pieces: VecDeque<Arc<Said>>,
    /// Beyond this place there was nothing after so many writes.
    nothing: Option<(u64, u64)>,
}

impl Tail {
    pub(super) fn new(launcher: Launcher, id: ExecutionId) -> Self {
        let listener = launcher.listen(id);
        let news = News { growth: listener.growth(), standing: Standing::Unknown };
        let (news, _) = watch::channel(news);
        Self { launcher, id, news, listener, recent: Default::default() }
    }

    /// What a stream has behind a place. Who asks while it is being read waits for that.
    pub(super) async fn said(&self, index: usize, place: &Place, news: &News) -> Option<Arc<Said>> {
        let mut recent = self.recent[index].lock().await;
        let from = place.told[index];
        recent.turn_to(place.attempt);
        if let Some(known) = recent.pieces.iter().find(|said| said.from() == from) {
            return Some(Arc::clone(known));
        }
        let said = match &news.standing {
            Standing::Ended(ending) => {
                let captured = captured(&ending.execution, STREAMS[index])?;
                let bytes = usize::try_from(bytes_from(from)).unwrap_or(usize::MAX);
                next(from, true, |from| captured.piece(from, bytes))
            }
            _ if recent.nothing == Some((from, news.growth.writes)) => return None,
            _ => self.recorded(STREAMS[index], from, news).await,
        };
        let Some(said) = said else {
            recent.nothing = Some((from, news.growth.writes));
            return None;
        };
        let said = Arc::new(said);
        recent.pieces.truncate(RECENT_MAX - 1);
        recent.pieces.push_front(Arc::clone(&said));
        Some(said)
    }

    async fn recorded(&self, stream: Stream, from: u64, news: &News) -> Option<Said> {
        let (launcher, id) = (self.launcher.clone(), self.id);
        let read = move || next(from, false, |from| recorded(&launcher, id, stream, from));
        // It fails only when the server is ending.
        let said = actix_web::web::block(read).await.ok()?;
        // What was read may be of another attempt already, of which there will be news.
        said.filter(|_| self.listener.growth().turns == news.growth.turns)
    }
}

fn recorded(launcher: &Launcher, id: ExecutionId, stream: Stream, from: u64) -> Option<Piece> {
    let piece = launcher.recorded_piece(id, stream, (from, bytes_from(from)));
    piece.unwrap_or_else(|error| {
        log::debug!(execution:% = id; "its {} cannot be followed: {error}", stream.as_str());
        None
    })
}

/// How much is read from a place on. All pieces end where they would end for somebody who has followed
/// from the beginning, so that those who came later are soon told the same.
const fn bytes_from(from: u64) -> u64 {
    match PIECE_BYTES_MAX - from % PIECE_BYTES_MAX {
        short if short < PIECE_BYTES_MIN => short + PIECE_BYTES_MAX,
        bytes => bytes,
    }
}

fn captured(execution: &Execution, stream: Stream) -> Option<&Captured> {
    let ended = execution.ended()?;
    Some(match stream {
        Stream::Stdout => &ended.stdout,
        Stream::Stderr => &ended.stderr,
    })
}

impl Recent {
    fn turn_to(&mut self, attempt: u32) {
        if self.attempt != attempt {
            *self = Self { attempt, ..Self::default() };
        }
    }
}

impl Ending {
    pub(super) const fn new(execution: Execution) -> Self {
        Self { execution, record: OnceLock::new() }
    }

    /// The record as JSON; `collection` is the path of all executions.
    pub(in crate::http) fn record(&self, collection: &str) -> Bytes {
        let made = || -> Bytes {
            let record = whole(&self.execution, collection);
            serde_json::to_vec(&record).expect("a record has only string keys").into()
        };
        let (made_for, record) = self.record.get_or_init(|| (collection.to_owned(), made()));
        if made_for == collection { record.clone() } else { made() }
    }
}
